// The JOSE library jose verifies Signet's access tokens by the JWKS URL alone.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { openSession, startSignetd } from './signetd.js';

let signetd;
let jwks;
before(async () => {
  signetd = await startSignetd('--access-format', 'jwt');
  jwks = createRemoteJWKSet(new URL(`${signetd.url}/.well-known/jwks.json`));
});
after(async () => assert.equal(await signetd?.stop(), 0));

const open = () => openSession(signetd.url, {
  subject: 'alice', audience: 'orders', scope: 'read',
  claims: { tenant: 'blue' },
});

test('jose accepts an access token (RFC 9068)', async () => {
  const session = await open();
  const { payload, protectedHeader } = await jwtVerify(
    session.access_token, jwks, {
      issuer: signetd.url, audience: 'orders', typ: 'at+jwt',
      algorithms: ['EdDSA'], requiredClaims: ['jti', 'client_id', 'iat'],
    });
  assert.equal(payload.sub, 'alice');
  assert.equal(payload.client_id, 'dev');
  assert.equal(payload.sid, session.session_id);
  assert.equal(payload.tenant, 'blue');
  assert.equal(payload.exp - payload.iat, session.expires_in);
  assert.ok(protectedHeader.kid);
});

test('jose refuses it for another audience or after a change', async () => {
  const { access_token: token } = await open();
  await assert.rejects(jwtVerify(token, jwks, { audience: 'billing' }),
    { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
  const [header, payload, signature] = token.split('.');
  const other = payload.slice(0, -4) + 'AAAA';
  await assert.rejects(jwtVerify(`${header}.${other}.${signature}`, jwks),
    { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
});
