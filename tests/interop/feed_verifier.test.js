// A second verifier of the revocation feed, made from docs/feed.md and
// docs/formats.md alone, against a real signetd.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '@stablelib/blake2b'; // Node.js has no BLAKE2b-128
import { openSession } from './signetd.js';

const KINDS = ['token', 'session', 'subject', 'client', 'key', 'all'];
const [HEAD, BATCH, SNAPSHOT, RINGS] = [1, 2, 3, 4];
const isCutoff = (name) => name >= '03';
const blake2b128 = (...parts) => Buffer.from(hash(Buffer.concat(parts), 16));
const need = (holds, what) => { if (!holds) throw new Error(what); };

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  left() { return this.bytes.length - this.at; }
  take(count) {
    need(count <= this.left(), 'cut off');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  varint() {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.take(1)[0];
      value += (byte % 128) * scale;
      need(Number.isSafeInteger(value), 'a number is too large');
      need(byte > 0 || scale === 1, 'a number has another spelling');
      if (byte < 128) return value;
    }
  }
  signed() {
    const code = this.varint();
    return code % 2 ? -(code + 1) / 2 : code / 2;
  }
  many(make) {
    const all = [];
    for (let count = this.varint(); count > 0; --count) all.push(make());
    return all;
  }
  kind() {
    const kind = this.take(1).toString('hex');
    need(kind >= '01' && kind <= '06', 'no such kind');
    return kind;
  }
  ids(count) { // Elias-Fano
    const ids = [], width = 32 - Math.clz32(count);
    let high = 0, byte = 0, unread = 0;
    const bits = (count) => {
      let value = 0;
      for (let i = 0; i < count; ++i, --unread, byte >>= 1) {
        if (unread === 0) { byte = this.take(1)[0]; unread = 8; }
        value += (byte & 1) * 2 ** i;
      }
      return value;
    };
    while (ids.length < count) {
      while (bits(1) === 0) ++high;
      const words = [high * 2 ** (32 - width) + bits(32 - width)];
      while (words.length < 4) words.push(bits(32));
      const id = Buffer.alloc(16);
      words.forEach((word, i) => id.writeUInt32BE(word, 4 * i));
      need(!(id.toString('hex') <= ids.at(-1)), 'ids out of order');
      ids.push(id.toString('hex'));
    }
    need(byte === 0, 'bits behind the ids');
    return ids;
  }
}

// An entry's name is its kind and id, in hex.
function nameOf(kind, text) {
  const bytes = Buffer.from(text, 'base64url');
  const isId = bytes.length === 16 && bytes.toString('base64url') === text;
  return `0${kind}` + (kind === 6 ? Buffer.alloc(16) : kind < 3 && isId ? bytes
    : blake2b128(Buffer.of(kind), Buffer.from(text))).toString('hex');
}

function hashOf(before, name, ...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => bytes.writeUInt32LE(number, 4 * i));
  return blake2b128(before, Buffer.from(name, 'hex'), bytes);
}

function digestOf(entries, time) {
  const sums = new BigUint64Array(2);
  for (const { name, notBefore, dropAfter } of entries) {
    if (dropAfter * 1000 < time) continue;
    const one = hashOf(Buffer.of(), name, notBefore, dropAfter);
    sums.forEach((_, i) => { sums[i] += one.readBigUInt64LE(8 * i); });
  }
  const digest = Buffer.alloc(16);
  sums.forEach((sum, i) => digest.writeBigUInt64LE(sum, 8 * i));
  return digest;
}

function readFrame(bytes) {
  const reader = new Reader(bytes.subarray(7));
  const type = bytes[2], epoch = reader.varint(), sequence = reader.varint();
  const time = reader.varint(), digest = reader.take(16);
  const frame = { type, epoch, sequence, time, digest,
    generation: reader.varint() };
  if (type === BATCH) frame.first = sequence - reader.varint();
  if (type !== RINGS) frame.logHash = Buffer.from(reader.take(16));
  if (type === BATCH) {
    let at = Math.floor(time / 1000);
    frame.entries = reader.many(() => {
      const kind = reader.kind();
      const name = kind + (kind === '06' ? '0'.repeat(32)
        : reader.take(16).toString('hex'));
      at += reader.signed();
      const dropAfter = (Math.floor(at / 60) + reader.signed()) * 60;
      const notBefore = isCutoff(name) ? at + reader.signed() : 0;
      return { name, at, notBefore, dropAfter };
    });
    frame.last = frame.first + frame.entries.length - 1;
    need(frame.entries.length <= 1000 && 1 <= frame.first &&
      frame.first <= frame.last && frame.last <= sequence, 'no such batch');
  } else if (type === SNAPSHOT) {
    frame.entries = reader.many(() => {
      const kind = reader.kind(), dropAfter = reader.varint() * 60;
      const names = reader.ids(reader.varint()).map((id) => kind + id);
      let date = dropAfter;
      return names.map((name) => ({ name, dropAfter,
        notBefore: isCutoff(name) ? date += reader.signed() : 0 }));
    }).flat();
  } else if (type === RINGS) {
    frame.rings = reader.many(() => JSON.parse(reader.take(reader.varint())));
  } else need(type === HEAD, 'no such type');
  need(reader.left() === 0, 'more behind the end');
  return frame;
}

function readKeys(ring) {
  need(ring.signet_public_ring === 1 && ring.purpose === 'feed' &&
    ring.format === 'feed-ed25519', 'no feed ring');
  const skew = ring.policy.clock_skew_ms;
  const moment = (text) => (text ? Date.parse(text) : Infinity);
  return ring.keys.map((key) => ({
    hint: blake2b128(Buffer.from(key.id)).toString('hex', 0, 4),
    key: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519',
      x: key.public.replace(/^k4\.public\./, '') } }),
    from: moment(key.ready_at ?? key.activates_at) - skew,
    until: Math.min(moment(key.retires_at) + skew,
      moment(key.revoked_at) - skew),
  }));
}

// The set, and what is known of it.
class Replica {
  held = new Map();
  epoch = 0; sequence = 0; logHash = null; generation = 0; announced = 0;
  latest = 0; confirmed = 0; moment = 0; dropped = 0; lostUntil = 0;
  constructor(ring) { this.keys = readKeys(ring); }
  check(bytes) {
    need(bytes.length > 71 && bytes[0] === 0x53 && bytes[1] === 1, 'no frame');
    const now = Date.now(), signer = bytes.toString('hex', 3, 7);
    const known = this.keys.find((key) => key.hint === signer &&
      key.from <= now && now < key.until);
    need(known, 'unknown key');
    const signed = bytes.subarray(0, -64);
    need(verify(null, Buffer.concat([Buffer.from('signet feed frame v1'),
      createHash('blake2b512').update(signed).digest()]), known.key,
    bytes.subarray(-64)), 'bad signature');
    return { signer, ...readFrame(signed) };
  }
  // Takes a frame and says what to do next. momentOf gives, for its time, the
  // monotonic moment before which the service cannot have made it.
  take(bytes, momentOf) {
    const frame = this.check(bytes);
    const { type, epoch, sequence, time, logHash, entries } = frame;
    if (type === RINGS) return this.takeRings(frame.rings);
    need(epoch > this.epoch || (epoch === this.epoch &&
      sequence >= this.sequence), 'rollback');
    need(time <= Date.now() + 300_000, 'clock ahead');
    const moment = momentOf(time);
    this.announced = Math.max(this.announced, frame.generation);
    this.signer = frame.signer;
    if (type === SNAPSHOT) return this.takeSnapshot(frame);
    if (epoch !== this.epoch) return 'snapshot';
    if (type === HEAD) {
      if (sequence !== this.sequence) return 'log';
      return logHash.equals(this.logHash) ? this.complete(frame, moment)
        : 'snapshot';
    }
    const ours = this.sequence + 1 - frame.first;
    if (ours < 0) return 'log';
    const hashes = [logHash];
    for (const { name, at, notBefore, dropAfter } of entries) {
      hashes.push(hashOf(hashes.at(-1), name, at, notBefore, dropAfter));
    }
    if (ours < hashes.length) {
      if (!hashes[ours].equals(this.logHash)) return 'snapshot';
      this.add(entries.slice(ours));
      this.sequence = frame.last;
      this.logHash = hashes.at(-1);
    }
    return frame.last < sequence ? 'more' : this.complete(frame, moment);
  }
  takeRings(rings) {
    const sum = rings.reduce((sum, ring) => sum + ring.generation, 0);
    need(sum >= this.announced, 'old rings');
    this.keys = readKeys(rings.find((ring) => ring.purpose === 'feed'));
    this.generation = sum;
  }
  takeSnapshot({ epoch, sequence, time, digest, logHash, entries }) {
    need(time >= this.latest, 'old snapshot');
    need(digestOf(entries, time).equals(digest), 'another digest');
    const before = [...this.held.values()];
    this.add(entries);
    if (!digestOf(this.held.values(), time).equals(digest)) {
      this.lostUntil = Math.max(...before.map((entry) => entry.dropAfter));
    }
    Object.assign(this, { epoch, sequence, logHash, latest: time });
  }
  complete({ time, digest }, moment) {
    if (time < this.latest) return 'old';
    if (time > this.lostUntil * 1000 &&
      !digestOf(this.held.values(), time).equals(digest)) return 'snapshot';
    Object.assign(this, { latest: time, confirmed: time, moment });
    for (const [name, { dropAfter }] of this.held) {
      if (dropAfter * 1000 >= time ||
        (dropAfter + 60) * 1000 >= Date.now()) continue;
      this.held.delete(name);
      this.dropped = Math.max(this.dropped, dropAfter);
    }
    return 'complete';
  }
  add(entries) {
    for (const { name, notBefore, dropAfter } of entries) {
      const old = this.held.get(name);
      this.held.set(name, { name,
        notBefore: Math.max(notBefore, old?.notBefore ?? 0),
        dropAfter: Math.max(dropAfter, old?.dropAfter ?? 0) });
    }
  }
  revoked({ jti, sid, sub, client_id, iat }, kid) {
    return [jti, sid, sub, client_id, kid, ''].some((text, i) => {
      const entry = text !== undefined && this.held.get(nameOf(i + 1, text));
      return entry && (!isCutoff(entry.name) || iat < entry.notBefore);
    });
  }
  staleness() {
    const now = Date.now();
    if (!this.confirmed || now < this.dropped * 1000) return Infinity;
    return Math.max(now - this.confirmed, performance.now() - this.moment);
  }
}

class Follower {
  id = randomBytes(16).toString('base64url');
  snapshots = 0;
  constructor(url, ring) { this.url = url; this.replica = new Replica(ring); }
  ask(path, { headers, ...options } = {}) {
    return fetch(new URL(path, this.url), { redirect: 'manual', ...options,
      headers: { authorization, 'feed-verifier': this.id, ...headers } });
  }
  async get(path, take) {
    let place = new URL(path, this.url), answer = await this.ask(place);
    for (let hop = 0; hop < 4 && answer.status === 307; ++hop) {
      place = new URL(answer.headers.get('location'), place);
      need(place.origin === new URL(this.url).origin, 'another service');
      answer = await this.ask(place);
    }
    if ([409, 410].includes(answer.status)) return this.snapshot();
    need(answer.status === 200, `status ${answer.status}`);
    const body = new Reader(Buffer.from(await answer.arrayBuffer()));
    while (body.left()) await take(body.take(body.take(4).readUInt32LE()));
  }
  rings() {
    return this.get('/feed/rings', (frame) => this.replica.take(frame));
  }
  snapshot(path = '/feed/snapshot') {
    ++this.snapshots;
    return this.get(path, (frame) => this.take(frame, () => 0));
  }
  async poll(wait = 0) {
    if (this.replica.epoch === 0) await this.snapshot();
    const { epoch, sequence } = this.replica, sent = performance.now();
    await this.get(`/feed/log?epoch=${epoch}&after=${sequence}&wait=${wait}`,
      (frame) => this.take(frame, () => sent));
  }
  async take(frame, momentOf) {
    let next;
    try { next = this.replica.take(frame, momentOf); } catch (error) {
      if (error.message !== 'unknown key') throw error;
      await this.rings();
      next = this.replica.take(frame, momentOf);
    }
    if (this.replica.announced > this.replica.generation) await this.rings();
    if (next === 'snapshot') await this.snapshot();
    return next;
  }
  // Follows the stream, again and again, until what it returns is called.
  follow() {
    let open = true, connection;
    const run = async () => {
      for (let pause = 50; open; pause = Math.min(2 * pause, 5000)) {
        connection = new AbortController();
        await this.stream(connection, () => { pause = 25; })
          .catch((error) => { this.trouble = error; });
        if (open) await sleep(pause * Math.random());
      }
    };
    const done = run();
    return () => { open = false; connection.abort(); return done; };
  }
  async stream(connection, onEvent) {
    const silence = setTimeout(() => connection.abort(), 6000);
    try {
      const { epoch, sequence } = this.replica, sent = performance.now();
      const answer = await this.ask('/feed/stream', {
        signal: connection.signal,
        headers: { 'last-event-id': `${epoch}.${sequence}` } });
      if ([409, 410].includes(answer.status)) return await this.snapshot();
      need(answer.status === 200, `status ${answer.status}`);
      let text = '', least, came;
      const momentOf = (time) => time +
        (least = Math.min(least ?? sent - time, came - time));
      for await (const chunk of answer.body) {
        came = performance.now();
        silence.refresh();
        const events = (text + Buffer.from(chunk)).split('\n\n');
        text = events.pop();
        for (const event of events) {
          await this.event(Object.fromEntries(event.split('\n').map(
            (line) => line.split(/: ?(.*)/).slice(0, 2))), momentOf);
          onEvent();
        }
      }
    } finally { clearTimeout(silence); }
  }
  async event({ event, data }, momentOf) {
    if (!data) return;
    const next = await this.take(Buffer.from(data, 'base64url'), momentOf);
    if (next === 'log') await this.poll();
    if (event !== 'ack') return;
    const { epoch, sequence } = this.replica;
    this.ask('/feed/ack', { method: 'POST', body: new URLSearchParams(
      { verifier: this.id, epoch, seq: sequence }) }).catch(() => {});
  }
}

const authorization = `Basic ${btoa('dev:dev-secret')}`;
const folder = mkdtempSync(join(tmpdir(), 'signet-feed-'));
const keys = join(folder, 'keys');
let signetd, url, edge, leave;

async function start() {
  signetd = spawn(process.env.SIGNETD_BIN, ['--dev', '--keys', keys,
    '--data', join(folder, 'data'), '--issuer', 'https://auth.example',
    '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0',
    '--access-format', 'jwt'], { stdio: ['ignore', 'pipe', 'ignore'] });
  url = await new Promise((resolve, reject) => {
    let said = '';
    signetd.stdout.on('data', (data) => {
      const place = (said += data).match(/listening on (http:\/\/\S+)/);
      if (place) resolve(place[1]);
    });
    signetd.once('error', reject);
    signetd.once('exit', (code) => reject(new Error(`signetd exited ${code}`)));
  });
}
async function stop() {
  const exited = new Promise((resolve) => signetd.once('exit', resolve));
  signetd.kill('SIGTERM');
  assert.equal(await exited, 0);
}
const signet = (...args) => execFileSync(
  join(process.env.SIGNET_BIN_DIR, 'signet'), [...args, '--keys', keys]);
const newFollower = () => new Follower(url,
  JSON.parse(readFileSync(join(keys, 'feed.pub.json'), 'utf8')));

before(async () => {
  await start();
  edge = newFollower();
  // From the next key on, frames are signed by one that the edge has to learn.
  signet('keys', 'policy', 'feed', '--verifier-refresh', '1s',
    '--clock-skew', '1s');
  signet('keys', 'rotate', 'feed', '--in', '20s');
});
after(async () => {
  await leave?.();
  await stop();
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
  for (const end = Date.now() + 60_000; !await holds(); await sleep(20)) {
    assert.ok(Date.now() < end, `in vain: ${what}, ${edge.trouble}`);
  }
}
const reached = ({ replica }, { epoch, seq }) => until(() =>
  replica.epoch === epoch && replica.sequence >= seq, `${epoch}.${seq}`);
const hex = (text) => Buffer.from(text, 'base64url').toString('hex');

async function holdsWhatIsLive({ replica }) {
  const { entries } = await call('/v1/revocations/live');
  const live = entries.map((entry) => ({
    name: `0${KINDS.indexOf(entry.kind) + 1}${hex(entry.id)}`,
    notBefore: Date.parse(entry.not_before ?? 0) / 1000,
    dropAfter: Date.parse(entry.drop_after) / 1000 }));
  assert.deepEqual([...replica.held.values()].map(JSON.stringify).sort(),
    live.map((entry) => JSON.stringify(entry)).sort());
}

test('a cold start from a snapshot', async () => {
  const id = 'A'.repeat(22);
  for (const value of ['abc', id, `${id.slice(1)}B`, 'Zoë', 'x'.repeat(200)]) {
    for (const kind of ['token', 'subject', 'client', 'key']) {
      await revoke(kind, value);
    }
  }
  await revoke('session', id);
  const { seq } = await revoke('all');
  for (const { kind, id, value } of
    (await call('/v1/revocations')).entries) {
    const number = KINDS.indexOf(kind) + 1;
    assert.equal(nameOf(number, value), `0${number}${hex(id)}`);
  }
  await edge.snapshot();
  assert.equal(edge.replica.sequence, seq);
  await holdsWhatIsLive(edge);
  assert.equal(edge.replica.staleness(), Infinity);
  await edge.poll();
  assert.ok(edge.replica.staleness() < Infinity);
});

test('the stream brings every kind, and introspection agrees', async () => {
  leave = edge.follow();
  const tokens = [];
  const open = async (subject, client_id = 'dev') => {
    const { access_token: token } = await openSession(
      url, { subject, client_id, audience: 'orders' });
    const [header, claims] = token.split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url')));
    tokens.push({ token, claims, kid: header.kid });
    return tokens.at(-1);
  };
  const verdicts = () => tokens.map(({ claims, kid }) =>
    Boolean(edge.replica.revoked(claims, kid)));
  const other = await open('other');
  for (const [kind, client, valueOf] of [
    ['token', 'dev', ({ claims }) => claims.jti],
    ['session', 'dev', ({ claims }) => claims.sid],
    ['subject', 'dev', ({ claims }) => claims.sub],
    ['client', 'dev-app', ({ claims }) => claims.client_id],
    ['all', 'dev', () => undefined],
    ['key', 'dev', ({ kid }) => kid],
  ]) {
    const victim = await open(kind, client);
    assert.equal(verdicts().at(-1), false);
    await reached(edge, await revoke(kind, valueOf(victim)));
    assert.equal(verdicts().at(-1), true, kind);
    await open(kind, client);
    assert.equal(verdicts().at(-1), kind === 'key');
    assert.equal(verdicts()[tokens.indexOf(other)],
      kind === 'all' || kind === 'key');
    const active = await Promise.all(tokens.map(async ({ token }) =>
      (await call('/introspect', new URLSearchParams({ token }))).active));
    assert.deepEqual(active, verdicts().map((revoked) => !revoked), kind);
  }
  await holdsWhatIsLive(edge);
});

test('a long poll ends when something is revoked', async () => {
  const poller = newFollower();
  await poller.poll();
  const poll = poller.poll(55);
  const { seq } = await revoke('token', 'polled');
  await poll;
  assert.ok(poller.replica.sequence >= seq);
  assert.ok(poller.replica.revoked({ jti: 'polled' }));
});

test('an acknowledgement ends a wait', async () => {
  await until(async () => {
    const { verifiers } = await revoke('token', 'waited', '?wait=20');
    return verifiers.enforcing === verifiers.connected;
  }, 'acknowledgements');
});

test('a stream goes on from its cursor', async () => {
  await leave();
  const { snapshots } = edge;
  await revoke('token', 'missed 1');
  const missed = await revoke('token', 'missed 2');
  assert.ok(!edge.replica.revoked({ jti: 'missed 1' }));
  leave = edge.follow();
  await reached(edge, missed);
  assert.ok(edge.replica.revoked({ jti: 'missed 1' }));
  assert.equal(edge.snapshots, snapshots);
});

const framesOf = async (follower, path) => {
  const frames = [];
  await follower.get(path, (frame) => frames.push(Buffer.from(frame)));
  return frames;
};

test('a frame with any byte changed is refused', async () => {
  const follower = newFollower();
  await follower.poll();
  const { replica } = follower;
  const { epoch, sequence } = replica;
  await revoke('session', randomBytes(16).toString('base64url'));
  const [batch] = await framesOf(follower,
    `/feed/log?epoch=${epoch}&after=${sequence}`);
  assert.ok(batch.length <= 160);
  const [head] = await framesOf(follower, '/feed/head');
  const before = structuredClone({ ...replica, keys: null });
  for (const frame of [batch, head]) {
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
  const follower = newFollower();
  const { replica } = follower;
  await follower.poll();
  const { epoch, sequence } = replica;
  const [older] = await framesOf(follower, '/feed/head');
  let [newer] = [older];
  await until(async () => {
    [newer] = await framesOf(follower, '/feed/head');
    return replica.check(newer).time > replica.check(older).time;
  }, 'a later head');
  assert.equal(replica.take(newer, () => 0), 'complete');
  const { confirmed } = replica;
  assert.equal(replica.take(older, () => 0), 'old');
  assert.equal(replica.confirmed, confirmed);
  await revoke('token', 'replayed');
  const [batch] = await framesOf(follower,
    `/feed/log?epoch=${epoch}&after=${sequence}`);
  assert.equal(replica.take(batch, () => 0), 'complete');
  assert.equal(replica.take(batch, () => 0), 'complete');
  for (const frame of [older, newer]) {
    assert.throws(() => replica.take(frame, () => 0), /rollback/);
  }
});

test('after a restart a snapshot and the log give the same', async () => {
  const place = (await edge.ask('/feed/snapshot')).headers.get('location');
  const { seq } = await revoke('subject', 'restarted');
  await reached(edge, { epoch: 1, seq });
  await stop();
  await start();
  edge.url = url;
  const { confirmed } = edge.replica;
  await until(() => edge.replica.confirmed > confirmed, 'the stream again');
  const cold = newFollower();
  await cold.snapshot(`/feed/${place}`);
  await cold.poll();
  assert.ok(cold.replica.sequence >= seq);
  await holdsWhatIsLive(cold);
  await holdsWhatIsLive(edge);
  assert.equal(edge.snapshots, 1);
  // A cursor ahead of the log, and then a snapshot from before it.
  cold.replica.sequence += 100;
  await assert.rejects(cold.poll(), /rollback/);
  assert.equal(cold.snapshots, 2);
});

test('the next feed key is learned from the feed', async () => {
  const { signer } = edge.replica.keys.at(-1);
  assert.equal(edge.replica.keys.length, 2);
  await until(() => edge.replica.signer === edge.replica.keys[1].hint,
    'frames of the next key');
  const { confirmed } = edge.replica;
  await until(() => edge.replica.confirmed > confirmed, 'a later time');
});
