// Every JOSE algorithm, both ways: what Signet mints jose accepts, and what
// jose makes Signet accepts.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as jose from 'jose';
import { mint, newKey, publicOf, verify } from './token_tool.js';

const issuer = 'https://issuer.example';
const audience = 'orders';
const expected = { issuer, audience, typ: 'at+jwt', subject: 'alice' };
const bytes = (text) => new TextEncoder().encode(text);
const custom = { tenant: 'blue', 'grüße': ['ä', 1] };

const signatures = {
  'jwt-eddsa': 'EdDSA',
  'jwt-es256': 'ES256',
  'jwt-rs256': 'RS256',
  'jwt-ps256': 'PS256',
  'jwt-hs256': 'HS256',
};
const encryptions = { 'jwe-p256': 'P-256', 'jwe-x25519': 'X25519' };

const keyFor = (jwk, alg) =>
  jose.importJWK(jwk.kty === 'oct' ? jwk : publicOf(jwk), alg);

function checkClaims(payload) {
  assert.equal(payload.client_id, 'app');
  assert.equal(payload.scope, 'read');
  assert.equal(payload.exp - payload.iat, 300);
  assert.equal(payload.tenant, custom.tenant);
  assert.deepEqual(payload['grüße'], custom['grüße']);
}

// newClaims are those of an access token (RFC 9068), in a builder of jose's.
const newClaims = (Builder) => new Builder({ client_id: 'app', ...custom })
  .setIssuer(issuer).setAudience(audience).setSubject('alice')
  .setIssuedAt().setExpirationTime('5m').setJti('an id');

async function newJoseKey(format, alg) {
  if (alg === 'HS256') {
    return {
      kty: 'oct', k: jose.base64url.encode(
        crypto.getRandomValues(new Uint8Array(48))),
    };
  }
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return jose.exportJWK(privateKey);
}

for (const [format, alg] of Object.entries(signatures)) {
  test(`jose verifies ${alg} of Signet's`, async () => {
    const jwk = newKey(format);
    assert.equal(jwk.alg, alg);
    assert.equal(jwk.kid, await jose.calculateJwkThumbprint(jwk));
    const token = mint(format, jwk);
    const { payload, protectedHeader } = await jose.jwtVerify(
      token, await keyFor(jwk, alg), { ...expected, algorithms: [alg] });
    assert.deepEqual(protectedHeader, { alg, typ: 'at+jwt', kid: jwk.kid });
    checkClaims(payload);
    const other = newKey(format);
    await assert.rejects(jose.jwtVerify(token, await keyFor(other, alg)),
      { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  });

  test(`Signet verifies ${alg} of jose's`, async () => {
    const jwk = await newJoseKey(format, alg);
    const kid = await jose.calculateJwkThumbprint(jwk);
    const token = await newClaims(jose.SignJWT)
      .setProtectedHeader({ alg, typ: 'at+jwt', kid })
      .sign(await jose.importJWK(jwk, alg));
    const shared = jwk.kty === 'oct' ? jwk : publicOf(jwk);
    assert.deepEqual(verify(format, shared, token),
      { subject: 'alice', kid, custom });

    const other = await newJoseKey(format, alg);
    const forged = await newClaims(jose.SignJWT)
      .setProtectedHeader({ alg, typ: 'at+jwt', kid })
      .sign(await jose.importJWK(other, alg));
    assert.deepEqual(verify(format, shared, forged),
      { refused: 'bad_signature at signature' });
  });
}

test('a private key of jose reads and writes alike in Signet', async () => {
  for (const [format, alg] of Object.entries(signatures)) {
    const jwk = await newJoseKey(format, alg);
    const token = mint(format, jwk);
    await jose.jwtVerify(token, await keyFor(jwk, alg), expected);
  }
});

test('jose opens dir with A256GCM of Signet\'s', async () => {
  const jwk = newKey('jwe-dir');
  assert.equal(jwk.kid, await jose.calculateJwkThumbprint(jwk));
  const token = mint('jwe-dir', jwk);
  const { payload, protectedHeader } = await jose.jwtDecrypt(
    token, jose.base64url.decode(jwk.k), expected);
  assert.deepEqual(protectedHeader,
    { alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', kid: jwk.kid });
  checkClaims(payload);
});

test('Signet opens dir with A256GCM of jose\'s', async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const jwk = { kty: 'oct', k: jose.base64url.encode(secret) };
  const kid = await jose.calculateJwkThumbprint(jwk);
  const seal = (key) => newClaims(jose.EncryptJWT)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', kid })
    .encrypt(key);
  assert.deepEqual(verify('jwe-dir', jwk, await seal(secret)),
    { subject: 'alice', kid, custom });
  const other = crypto.getRandomValues(new Uint8Array(32));
  assert.deepEqual(verify('jwe-dir', jwk, await seal(other)),
    { refused: 'bad_signature at signature' });
});

for (const [format, crv] of Object.entries(encryptions)) {
  for (const [inner, alg] of Object.entries(signatures)) {
    test(`jose opens ECDH-ES+A256KW on ${crv} around ${alg}`, async () => {
      const recipient = newKey(format);
      assert.equal(recipient.crv, crv);
      assert.equal(
        recipient.kid, await jose.calculateJwkThumbprint(recipient));
      const signer = newKey(inner);
      const token = mint(inner, signer, { recipient: publicOf(recipient) });
      const { plaintext, protectedHeader } = await jose.compactDecrypt(
        token, await jose.importJWK(recipient, 'ECDH-ES+A256KW'));
      const { epk, ...header } = protectedHeader;
      assert.deepEqual(header, {
        alg: 'ECDH-ES+A256KW', enc: 'A256GCM', cty: 'JWT', kid: recipient.kid,
      });
      assert.equal(epk.crv, crv);
      const { payload } = await jose.jwtVerify(
        new TextDecoder().decode(plaintext), await keyFor(signer, alg),
        expected);
      checkClaims(payload);
    });

    test(`Signet opens ECDH-ES+A256KW on ${crv} around ${alg}`, async () => {
      const signer = await newJoseKey(inner, alg);
      const kid = await jose.calculateJwkThumbprint(signer);
      const token = await newClaims(jose.SignJWT)
        .setProtectedHeader({ alg, typ: 'at+jwt', kid })
        .sign(await jose.importJWK(signer, alg));
      const { privateKey, publicKey } = await jose.generateKeyPair(
        'ECDH-ES+A256KW', { crv, extractable: true });
      const recipient = {
        ...await jose.exportJWK(privateKey), alg: 'ECDH-ES+A256KW',
      };
      const seal = async (text, parties) => {
        const sealer = new jose.CompactEncrypt(bytes(text))
          .setProtectedHeader({
            alg: 'ECDH-ES+A256KW', enc: 'A256GCM', cty: 'JWT',
            kid: await jose.calculateJwkThumbprint(recipient),
          });
        if (parties) sealer.setKeyManagementParameters(parties);
        return sealer.encrypt(publicKey);
      };
      const shared = signer.kty === 'oct' ? signer : publicOf(signer);
      for (const parties of [
        undefined, { apu: bytes('Alice'), apv: bytes('Bob') },
      ]) {
        assert.deepEqual(
          verify(inner, shared, await seal(token, parties), { recipient }),
          { subject: 'alice', kid, custom });
      }
      const other = { ...newKey(format), kid: undefined };
      assert.deepEqual(
        verify(inner, shared, await seal(token), { recipient: other }),
        { refused: 'unknown_key at key (kid)' });
      assert.deepEqual(
        verify(inner, shared, await seal(await seal(token)), { recipient }),
        { refused: 'unsupported at format' });
    });
  }
}
