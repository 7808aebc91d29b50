// A second verifier of the feed, against a real signetd.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Follower, KINDS, nameOf } from './feed_follower.js';
import { openSession } from './signetd.js';

const authorization = `Basic ${btoa('dev:dev-secret')}`;
const folder = mkdtempSync(join(tmpdir(), 'signet-feed-'));
const keys = join(folder, 'keys');
let signetd, url, edge, leave;

async function start() {
  signetd = spawn(process.env.SIGNETD_BIN, ['--dev', '--keys', keys,
    '--data', join(folder, 'data'), '--issuer', 'https://auth.example',
    '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0',
    '--access-format', 'jwt'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: signetd.stdout })) {
    url = line.match(/listening on (http:\/\/\S+)/)?.[1];
    if (url) return;
  }
  throw new Error('signetd has ended');
}
async function stop() {
  signetd.kill('SIGTERM');
  assert.deepEqual(await once(signetd, 'exit'), [0, null]);
}
const signet = (...args) => execFileSync(
  join(process.env.SIGNET_BIN_DIR, 'signet'), [...args, '--keys', keys]);
const newFollower = (id) => new Follower(url, authorization,
  JSON.parse(readFileSync(join(keys, 'feed.pub.json'))), id);

before(async () => {
  await start();
  edge = newFollower(randomBytes(16).toString('base64url'));
  // The edge has to learn the next feed key before it signs.
  signet('keys', 'policy', 'feed', '--verifier-refresh', '1s',
    '--clock-skew', '1s');
  signet('keys', 'rotate', 'feed', '--in', '15s');
});
after(async () => {
  await leave?.();
  if (signetd?.exitCode === null) await stop();
  rmSync(folder, { recursive: true });
});

async function call(path, body) {
  const answer = await fetch(url + path, { headers: { authorization,
    ...typeof body === 'string' && { 'content-type': 'application/json' } },
  ...body && { method: 'POST', body } });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}
const revoke = (kind, value, query = '') =>
  call(`/v1/revocations${query}`, JSON.stringify({ kind, value }));
async function until(holds, what) {
  for (const end = Date.now() + 60_000; !holds(); await sleep(10)) {
    assert.ok(Date.now() < end, `in vain: ${what}; ${edge.trouble}`);
  }
}
const reached = ({ replica }, { epoch, seq }) => until(() =>
  replica.epoch === epoch && replica.sequence >= seq, `${epoch}.${seq}`);
const named = ({ kind, id }) => `0${KINDS.indexOf(kind) + 1}` +
  Buffer.from(id, 'base64url').toString('hex');

async function holdsWhatIsLive({ replica }) {
  const seconds = (text) => (text ? Date.parse(text) / 1000 : 0);
  const { entries } = await call('/v1/revocations/live');
  assert.deepEqual(replica.held, new Map(entries.map((entry) => [named(entry),
    { name: named(entry), notBefore: seconds(entry.not_before),
      dropAfter: seconds(entry.drop_after) }])));
}
async function firstFrame(follower, path) {
  const frames = [];
  await follower.get(path, (frame) => frames.push(Buffer.from(frame)));
  return frames[0];
}
const logAfter = ({ epoch, sequence }) =>
  `/feed/log?epoch=${epoch}&after=${sequence}`;

test('a cold start from a snapshot', async () => {
  const id = 'A'.repeat(22);
  for (const value of ['abc', id, `${id.slice(1)}B`, 'Zoë', 'x'.repeat(200)]) {
    for (const kind of ['token', 'subject', 'client', 'key']) {
      await revoke(kind, value);
    }
  }
  await revoke('session', id);
  const { seq } = await revoke('all');
  for (const entry of (await call('/v1/revocations')).entries) {
    assert.equal(nameOf(KINDS.indexOf(entry.kind) + 1, entry.value),
      named(entry));
  }
  await edge.snapshot();
  assert.ok(edge.replica.held.size > 0);
  assert.equal(edge.replica.staleness(), Infinity);
  await edge.poll();
  assert.equal(edge.replica.sequence, seq);
  await holdsWhatIsLive(edge);
  assert.ok(edge.replica.staleness() < Infinity);
});

test('the stream brings every kind, and introspection agrees', async () => {
  leave = edge.follow();
  const tokens = [];
  const open = async (subject, client_id = 'dev') => {
    const { access_token: token } = await openSession(
      url, { subject, client_id, audience: 'orders' });
    const [{ kid }, claims] = token.split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url')));
    tokens.push({ token, claims, kid });
    return tokens.at(-1);
  };
  const revoked = ({ claims, kid }) => edge.replica.revoked(claims, kid);
  const other = await open('other');
  for (const [kind, valueOf, client] of [
    ['token', ({ claims }) => claims.jti],
    ['session', ({ claims }) => claims.sid],
    ['subject', ({ claims }) => claims.sub],
    ['client', ({ claims }) => claims.client_id, 'dev-app'],
    ['all', () => undefined],
    ['key', ({ kid }) => kid],
  ]) {
    const victim = await open(kind, client);
    assert.ok(!revoked(victim));
    await reached(edge, await revoke(kind, valueOf(victim)));
    assert.ok(revoked(victim), kind);
    assert.equal(revoked(await open(kind, client)), kind === 'key');
    assert.equal(revoked(other), ['all', 'key'].includes(kind));
    for (const one of tokens) {
      const { active } = await call('/introspect',
        new URLSearchParams({ token: one.token }));
      assert.equal(active, !revoked(one), kind);
    }
  }
  await holdsWhatIsLive(edge);
});

test('a long poll ends when something is revoked', async () => {
  const poller = newFollower();
  await poller.poll();
  const poll = poller.poll(55);
  await revoke('token', 'polled');
  await poll;
  assert.ok(poller.replica.revoked({ jti: 'polled' }));
});

test('an acknowledgement ends a wait', async () => {
  const { verifiers } = await revoke('token', 'waited', '?wait=55');
  assert.equal(verifiers.connected, 1);
  assert.equal(verifiers.enforcing, 1);
});

test('a stream goes on from its cursor', async () => {
  await leave();
  await revoke('token', 'missed 1');
  const last = await revoke('token', 'missed 2');
  assert.ok(!edge.replica.revoked({ jti: 'missed 1' }));
  leave = edge.follow();
  await reached(edge, last);
  assert.ok(edge.replica.revoked({ jti: 'missed 1' }));
  assert.equal(edge.snapshots, 1);
});

test('a frame with any byte changed is refused', async () => {
  const follower = newFollower(), { replica } = follower;
  await follower.poll();
  await revoke('session', randomBytes(16).toString('base64url'));
  const batch = await firstFrame(follower, logAfter(replica));
  const before = structuredClone({ ...replica, keys: null });
  for (const frame of [await firstFrame(follower, '/feed/head'), batch]) {
    for (let at = 0; at < frame.length; ++at) {
      assert.throws(() => replica.take(frame.subarray(0, at), () => 0));
      for (const bit of [0x01, 0x10, 0x80]) {
        frame[at] ^= bit;
        assert.throws(() => replica.take(frame, () => 0), `${at}`);
        frame[at] ^= bit;
      }
    }
    assert.throws(() => replica.take(
      Buffer.concat([frame, Buffer.of(0)]), () => 0));
  }
  assert.deepEqual(structuredClone({ ...replica, keys: null }), before);
  assert.equal(replica.take(batch, () => 0), 'complete');
});

test('what was played before is refused, or tells nothing new', async () => {
  const follower = newFollower(), { replica } = follower;
  await follower.poll();
  const older = await firstFrame(follower, '/feed/head');
  await sleep(5);
  const newer = await firstFrame(follower, '/feed/head');
  assert.equal(replica.take(newer, () => 0), 'complete');
  const { confirmed } = replica;
  assert.equal(replica.take(older, () => 0), 'old');
  assert.equal(replica.confirmed, confirmed);
  await revoke('token', 'replayed');
  const batch = await firstFrame(follower, logAfter(replica));
  assert.equal(replica.take(batch, () => 0), 'complete');
  assert.equal(replica.take(batch, () => 0), 'complete');
  assert.throws(() => replica.take(newer, () => 0), /rollback/);
});

test('after a restart a snapshot and the log give the same', async () => {
  const place = (await edge.ask('/feed/snapshot')).headers.get('location');
  await reached(edge, await revoke('subject', 'restarted'));
  await stop();
  await start();
  edge.url = url;
  const { confirmed } = edge.replica;
  await until(() => edge.replica.confirmed > confirmed, 'the stream again');
  const cold = newFollower();
  await cold.snapshot(`/feed/${place}`); // which is gone
  await cold.poll();
  assert.ok(cold.replica.revoked({ sub: 'restarted', iat: 0 }));
  await holdsWhatIsLive(cold);
  await holdsWhatIsLive(edge);
  assert.equal(edge.snapshots, 1);
  cold.replica.sequence += 100; // of a service that has lost its log
  await assert.rejects(cold.poll(), /rollback/);
  assert.equal(cold.snapshots, 2);
});

test('the next feed key is learned from the feed', async () => {
  const { replica } = edge;
  await until(() => replica.signer === replica.keys[1]?.hint, 'the next key');
  const { confirmed } = replica;
  await until(() => replica.confirmed > confirmed, 'a later time');
});
