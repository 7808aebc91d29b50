// @sd-jwt/jwt-status-list and jose, unchanged: lists of signetd, and lists for
// the library to read.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  StatusList, createHeaderAndPayload, getListFromStatusListJWT,
  getStatusListFromJWT,
} from '@sd-jwt/jwt-status-list';
import { SignJWT, createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify }
  from 'jose';
import { openSession, startSignetd } from './signetd.js';
import { statusOf } from './token_tool.js';

const folder = mkdtempSync(join(tmpdir(), 'signet-status-'));
let signetd;
let keys;

before(async () => {
  // The backend of --dev acts for this one, whose tokens have lists.
  writeFileSync(join(folder, 'signetd.toml'),
    '[[client]]\nid = "dev-app"\npublic = true\nstatus_list = true\n');
  signetd = await startSignetd('--access-format', 'jwt',
    '--config', join(folder, 'signetd.toml'));
  keys = createRemoteJWKSet(
    new URL(`${signetd.url}/.well-known/statements-jwks.json`));
});
after(async () => {
  rmSync(folder, { recursive: true });
  assert.equal(await signetd?.stop(), 0);
});

// fetchList verifies as a relying party does.
async function fetchList(uri) {
  const answer = await fetch(
    uri, { headers: { accept: 'application/statuslist+jwt' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'),
    'application/statuslist+jwt');
  const jwt = await answer.text();
  const { payload } = await jwtVerify(
    jwt, keys, { typ: 'statuslist+jwt', subject: uri });
  assert.equal(answer.headers.get('cache-control'),
    `public, max-age=${payload.ttl}`);
  return getListFromStatusListJWT(jwt);
}

test('the status of a token of signetd is read, good and revoked', async () => {
  const session = await openSession(signetd.url, {
    subject: 'alice', audience: 'orders', client_id: 'dev-app',
  });
  const place = getStatusListFromJWT(session.access_token);
  assert.ok(place.uri.startsWith(`${signetd.url}/status/`));
  assert.equal((await fetchList(place.uri)).getStatus(place.idx), 0);
  const revoked = await fetch(`${signetd.url}/v1/revocations`, {
    method: 'POST',
    headers: {
      'authorization': `Basic ${btoa('dev:dev-secret')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ kind: 'subject', value: 'alice' }),
  });
  assert.equal(revoked.status, 201);
  // A list made a moment ago may be served for a tenth of the staleness.
  let status = 0;
  for (let i = 0; i < 600 && status === 0; ++i) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    status = (await fetchList(place.uri)).getStatus(place.idx);
  }
  assert.equal(status, 1);
});

test('lists of another program are read by the library', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...await exportJWK(publicKey), kid: 'k', alg: 'ES256' };
  const uri = 'https://issuer.example/lists/7';
  for (const [bits, values, said] of [
    [1, [0, 1], ['0 valid', '1 invalid']],
    [2, [0, 1, 2, 3], ['0 valid', '1 invalid', '2 suspended',
      '3 application_specific']],
    [4, [15, 2, 9], ['15 application_specific', '2 suspended', '9 reserved']],
    [8, [255, 1], ['255 reserved', '1 invalid']],
  ]) {
    const all = Array(64).fill(0);
    values.forEach((value, i) => { all[i + 9] = value; });
    const { header, payload } = createHeaderAndPayload(
      new StatusList(all, bits),
      { sub: uri, iat: Math.floor(Date.now() / 1000), ttl: 60 },
      { alg: 'ES256', typ: 'statuslist+jwt', kid: 'k' });
    const jwt = await new SignJWT(payload).setProtectedHeader(header)
      .sign(privateKey);
    said.forEach((text, i) => {
      assert.equal(statusOf(jwk, uri, i + 9, jwt), text);
    });
    assert.deepEqual(statusOf(jwk, uri, 64 * 8, jwt),
      { refused: 'beyond the end' });
    assert.deepEqual(statusOf(jwk, `${uri}x`, 0, jwt),
      { refused: 'bad_claim at claims (sub)' });
  }
});
