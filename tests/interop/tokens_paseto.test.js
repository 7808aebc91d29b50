// PASETO version 4, both purposes, both ways: what Signet mints other
// libraries accept, and what they make Signet accepts. paseto brings no
// v4.local; paseto-ts has both.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { PublicProtocol } from 'paseto';
import {
  ImportPublicKeyFactory, ImportSecretKeyFactory, SignFactory, VerifyFactory,
} from 'paseto/v4/public';
import { decrypt, encrypt, sign, verify as verifySigned } from 'paseto-ts/v4';
import { mint, newKey, publicOf, verify } from './token_tool.js';

const bytes = (text) => new TextEncoder().encode(text);
const custom = { tenant: 'blue', 'grüße': ['ä', 1] };
const footerOf = (jwk) => JSON.stringify({ kid: jwk.kid });

// PASERK texts of Signet's JWKs.
const localText = (jwk) => `k4.local.${jwk.k}`;
const publicText = (jwk) => `k4.public.${jwk.x}`;
const secretText = (jwk) => 'k4.secret.' + Buffer.concat([
  Buffer.from(jwk.d, 'base64url'), Buffer.from(jwk.x, 'base64url'),
]).toString('base64url');

// consume gives the claims of a token or throws; produce makes a token that
// lives for five minutes.
const v4 = new PublicProtocol(
  ImportPublicKeyFactory, ImportSecretKeyFactory, SignFactory, VerifyFactory);
const libraries = {
  'paseto, v4.public': {
    format: 'v4.public',
    consume: async (jwk, token, assertion) => {
      const key = await v4.ImportPublicKey(publicText(jwk));
      const { claims } = await v4.Verify(key, token, {
        footer: bytes(footerOf(jwk)), implicitAssertion: bytes(assertion),
        issuer: 'https://issuer.example', audience: 'orders',
        clockTolerance: 5,
      });
      return claims;
    },
    produce: async (jwk, claims, assertion) => v4.Sign(
      await v4.ImportSecretKey(secretText(jwk)), claims, {
        footer: bytes(footerOf(jwk)), implicitAssertion: bytes(assertion),
        expiresIn: 300,
      }),
  },
  'paseto-ts, v4.public': {
    format: 'v4.public',
    consume: async (jwk, token, assertion) => {
      const { payload, footer } = await verifySigned(
        publicText(jwk), token, { assertion });
      assert.deepEqual(footer, { kid: jwk.kid });
      return payload;
    },
    produce: (jwk, claims, assertion) => sign(
      secretText(jwk), { ...claims, exp: '5 minutes' },
      { footer: footerOf(jwk), assertion }),
  },
  'paseto-ts, v4.local': {
    format: 'v4.local',
    consume: async (jwk, token, assertion) => {
      const { payload, footer } = await decrypt(
        localText(jwk), token, { assertion });
      assert.deepEqual(footer, { kid: jwk.kid });
      return payload;
    },
    produce: (jwk, claims, assertion) => encrypt(
      localText(jwk), { ...claims, exp: '5 minutes' }, {
        footer: footerOf(jwk), assertion,
        getRandomValues: (array) => crypto.getRandomValues(array),
      }),
  },
};

for (const [name, { format, consume, produce }] of Object.entries(libraries)) {
  for (const assertion of ['', 'tenant-1']) {
    const bound = assertion ? ', bound to an assertion' : '';

    test(`${name}: accepts Signet's${bound}`, async () => {
      const jwk = newKey(format);
      const token = mint(format, jwk, { assertion });
      assert.ok(token.startsWith(`${format}.`));
      const claims = await consume(jwk, token, assertion);
      assert.equal(claims.iss, 'https://issuer.example');
      assert.equal(claims.sub, 'alice');
      assert.equal(claims.aud, 'orders');
      assert.equal(claims.client_id, 'app');
      assert.equal(claims.tenant, custom.tenant);
      assert.deepEqual(claims['grüße'], custom['grüße']);
      assert.equal(Date.parse(claims.exp) - Date.parse(claims.iat), 300_000);
      await assert.rejects(async () => consume(jwk, token, 'other'));
      const other = { ...newKey(format), kid: jwk.kid };
      await assert.rejects(async () => consume(other, token, assertion));
    });

    test(`${name}: Signet accepts its${bound}`, async () => {
      const jwk = newKey(format);
      const verifier = format === 'v4.local' ? jwk : publicOf(jwk);
      const claims = {
        iss: 'https://issuer.example', sub: 'alice', aud: 'orders', ...custom,
      };
      const token = await produce(jwk, claims, assertion);
      assert.deepEqual(verify(format, verifier, token, { assertion }),
        { subject: 'alice', kid: jwk.kid, custom });
      const refused = { refused: 'bad_signature at signature' };
      assert.deepEqual(verify(format, verifier, token, { assertion: 'other' }), refused);
      const other = { ...newKey(format), kid: jwk.kid };
      const forged = await produce(other, claims, assertion);
      assert.deepEqual(verify(format, verifier, forged, { assertion }), refused);
    });
  }
}
