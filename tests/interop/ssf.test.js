// jose, unchanged: it checks the events of signetd as a partner does, and signs
// events that signetd takes as a receiver.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT, createRemoteJWKSet, decodeProtectedHeader, exportJWK,
  generateKeyPair, jwtVerify } from 'jose';
import { openSession, startSignetd } from './signetd.js';

const SESSION_REVOKED =
  'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const folder = mkdtempSync(join(tmpdir(), 'signet-ssf-'));
const basic = `Basic ${btoa('dev:dev-secret')}`;

// transmitter is another one than signetd: it hands out `sets` until they are
// acknowledged, and keeps what is said of them.
const transmitter = {
  sets: {},
  said: {},
  async start() {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    this.key = privateKey;
    const jwk = { ...await exportJWK(publicKey), kid: 'k', alg: 'ES256' };
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (data) => { body += data; });
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        if (request.url === '/keys') {
          return response.end(JSON.stringify({ keys: [jwk] }));
        }
        const asked = JSON.parse(body);
        for (const id of asked.ack) this.note(id, 'ack');
        for (const [id, { err }] of Object.entries(asked.setErrs ?? {})) {
          this.note(id, err);
        }
        response.end(JSON.stringify({ sets: this.sets }));
      });
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  },
  note(id, what) {
    this.said[id] = what;
    delete this.sets[id];
  },
  async deliver(id, claims) {
    this.sets[id] = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'secevent+jwt', kid: 'k' })
      .setIssuer(this.url).setAudience('b').setJti(id).setIssuedAt()
      .sign(this.key);
    for (let i = 0; i < 600 && this.said[id] === undefined; ++i) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return this.said[id];
  },
};
let signetd;

before(async () => {
  await transmitter.start();
  writeFileSync(join(folder, 'secret'), 'a secret\n', { mode: 0o600 });
  writeFileSync(join(folder, 'signetd.toml'), `[[ssf.transmitter]]
issuer = "${transmitter.url}"
audience = "b"
poll_url = "${transmitter.url}/poll"
jwks_url = "${transmitter.url}/keys"
secret = "file:${join(folder, 'secret')}"
`);
  signetd = await startSignetd('--access-format', 'jwt',
    '--config', join(folder, 'signetd.toml'));
});
after(async () => {
  assert.equal(await signetd?.stop(), 0);
  transmitter.server.closeAllConnections?.();
  transmitter.server.close();
  rmSync(folder, { recursive: true });
});

async function call(method, path, body) {
  const answer = await fetch(`${signetd.url}${path}`, {
    method,
    headers: { authorization: basic, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text && JSON.parse(text) };
}

test('an event of signetd is verified by its published keys', async () => {
  const about = await (await fetch(
    `${signetd.url}/.well-known/ssf-configuration`)).json();
  const keys = createRemoteJWKSet(new URL(about.jwks_uri));
  // The stream begins with the first poll.
  await call('POST', '/ssf/poll', { returnImmediately: true });
  const session = await openSession(
    signetd.url, { subject: 'alice', audience: 'orders' });
  const ended = await call('DELETE', `/v1/sessions/${session.session_id}`);
  assert.equal(ended.status, 204);
  const polled = await call('POST', '/ssf/poll', { returnImmediately: true });
  const sets = Object.entries(polled.body.sets);
  assert.equal(sets.length, 1);
  const [jti, set] = sets[0];
  const { payload } = await jwtVerify(set, keys, {
    typ: 'secevent+jwt', issuer: about.issuer, audience: 'dev',
  });
  assert.equal(payload.jti, jti);
  assert.equal(payload.exp, undefined);
  assert.equal(payload.sub, undefined);
  assert.deepEqual(payload.sub_id, {
    format: 'complex',
    user: { format: 'iss_sub', iss: about.issuer, sub: 'alice' },
    session: { format: 'opaque', id: session.session_id },
  });
  assert.equal(payload.events[SESSION_REVOKED].event_timestamp, payload.iat);
  // Nobody takes it for an access token, nor an access token for an event.
  await assert.rejects(jwtVerify(set, keys, { typ: 'at+jwt' }));
  assert.notEqual(decodeProtectedHeader(set).kid,
    decodeProtectedHeader(session.access_token).kid);
  await assert.rejects(jwtVerify(session.access_token, keys));
  const after = await call(
    'POST', '/ssf/poll', { returnImmediately: true, ack: [jti] });
  assert.deepEqual(after.body.sets, {});
});

test('an event of another program ends the sessions of its user', async () => {
  const session = await openSession(
    signetd.url, { subject: 'bob', audience: 'orders' });
  const lives = async () =>
    (await call('GET', `/v1/sessions/${session.session_id}`)).status === 200;
  assert.ok(await lives());
  const claims = (sub) => ({
    sub_id: { format: 'iss_sub', iss: transmitter.url, sub },
    events: {
      [SESSION_REVOKED]: { event_timestamp: Math.floor(Date.now() / 1000) },
    },
  });
  assert.equal(await transmitter.deliver('1', claims('carol')), 'ack');
  assert.ok(await lives());
  assert.equal(await transmitter.deliver(
    '2', { ...claims('bob'), exp: 4000000000 }), 'invalid_request');
  assert.ok(await lives());
  assert.equal(await transmitter.deliver('3', claims('bob')), 'ack');
  assert.ok(!await lives());
});
