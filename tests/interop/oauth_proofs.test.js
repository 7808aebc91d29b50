// oauth4webapi, unchanged, against signetd: private_key_jwt, DPoP with nonces,
// signed introspection, and the metadata at the path of OpenID Connect.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as oauth from 'oauth4webapi';
import { openSession, startSignetd } from './signetd.js';

const http = { [oauth.allowInsecureRequests]: true };
const algorithms = ['ES256', 'RS256', 'PS256', 'Ed25519'];
const folder = mkdtempSync(join(tmpdir(), 'signet-proofs-'));
const keys = {};
let signetd;
let server;

before(async () => {
  let config = '[oauth]\ndpop_nonce = true\n';
  for (const alg of algorithms) {
    keys[alg] = await oauth.generateKeyPair(alg, { extractable: true });
    const jwk = await crypto.subtle.exportKey('jwk', keys[alg].publicKey);
    const { kty, crv, x, y, n, e } = jwk;
    const set = JSON.stringify({ keys: [{ kty, crv, x, y, n, e, kid: alg }] });
    config += `[[client]]\nid = "by-${alg}"\njwks = '${set}'\n` +
      'permissions = ["session.open", "introspect"]\n';
  }
  writeFileSync(join(folder, 'signetd.toml'), config);
  signetd = await startSignetd('--access-format', 'jwt-es256',
    '--config', join(folder, 'signetd.toml'));
  const issuer = new URL(signetd.url);
  const answer = await oauth.discoveryRequest(
    issuer, { algorithm: 'oidc', ...http });
  server = await oauth.processDiscoveryResponse(issuer, answer);
});
after(async () => {
  rmSync(folder, { recursive: true });
  assert.equal(await signetd?.stop(), 0);
});

const publicClient = { client_id: 'dev-app' };
const dev = { client_id: 'dev' };
const basic = oauth.ClientSecretBasic('dev-secret');

const open = (extra = {}) => openSession(signetd.url, {
  subject: 'alice', audience: 'orders', scope: 'read write', ...extra,
});

async function refresh(client, method, token, options = {}) {
  const send = () => oauth.refreshTokenGrantRequest(
    server, client, method, token, { ...http, ...options });
  const process = (answer) =>
    oauth.processRefreshTokenResponse(server, client, answer);
  try {
    return await process(await send());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return process(await send());
  }
}

const isError = (code, status) => (error) =>
  error.error === code && error.status === status;

for (const alg of algorithms) {
  test(`private_key_jwt by ${alg} introspects`, async () => {
    const client = { client_id: `by-${alg}` };
    const session = await open();
    for (const key of [keys[alg].privateKey,
      { key: keys[alg].privateKey, kid: alg }]) {
      const answer = await oauth.introspectionRequest(
        server, client, oauth.PrivateKeyJwt(key), session.access_token, http);
      const seen = await oauth.processIntrospectionResponse(
        server, client, answer);
      assert.equal(seen.active, true);
    }
  });
}

test('private_key_jwt by another key is invalid_client', async () => {
  const { privateKey } = await oauth.generateKeyPair('ES256');
  await assert.rejects(
    refresh({ client_id: 'by-ES256' }, oauth.PrivateKeyJwt(privateKey), 'junk'),
    isError('invalid_client', 401));
  await assert.rejects(
    refresh({ client_id: 'by-ES256' },
      oauth.PrivateKeyJwt(keys.ES256.privateKey), 'junk'),
    isError('invalid_grant', 400));
});

for (const alg of algorithms) {
  test(`DPoP by ${alg}: an app's tokens are bound to its key`, async () => {
    const session = await open({ client_id: 'dev-app' });
    const key = await oauth.generateKeyPair(alg);
    const DPoP = oauth.DPoP(publicClient, key);
    const first = await refresh(
      publicClient, oauth.None(), session.refresh_token, { DPoP });
    assert.equal(first.token_type, 'dpop');
    const second = await refresh(
      publicClient, oauth.None(), first.refresh_token, { DPoP });
    const other = oauth.DPoP(publicClient, await oauth.generateKeyPair(alg));
    for (const options of [{}, { DPoP: other }]) {
      await assert.rejects(
        refresh(publicClient, oauth.None(), second.refresh_token, options),
        isError('invalid_grant', 400));
    }
    const answer = await oauth.introspectionRequest(
      server, dev, basic, second.access_token, http);
    const seen = await oauth.processIntrospectionResponse(server, dev, answer);
    assert.equal(seen.token_type, 'DPoP');
    assert.equal(seen.cnf.jkt, await DPoP.calculateThumbprint());
  });
}

test('introspection comes signed to who asks for it', async () => {
  const session = await open();
  const answer = await oauth.introspectionRequest(
    server, dev, basic, session.access_token,
    { requestJwtResponse: true, ...http });
  const seen = await oauth.processIntrospectionResponse(server, dev, answer);
  assert.equal(seen.sub, 'alice');
  await oauth.validateApplicationLevelSignature(server, answer, http);
});
