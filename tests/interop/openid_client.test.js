// The OAuth client openid-client does what docs/mobile.md shows of it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { openSession, startSignetd } from './signetd.js';

let signetd;
let config;
before(async () => {
  signetd = await startSignetd();
  config = await client.discovery(new URL(signetd.url), 'dev', 'dev-secret',
    undefined,
    { algorithm: 'oauth2', execute: [client.allowInsecureRequests] });
});
after(async () => assert.equal(await signetd?.stop(), 0));

test('openid-client refreshes, asks, and logs out', async () => {
  const session = await openSession(signetd.url,
    { subject: 'alice', audience: 'orders', scope: 'read' });
  const tokens =
    await client.refreshTokenGrant(config, session.refresh_token);
  assert.equal(tokens.token_type.toLowerCase(), 'bearer');
  assert.notEqual(tokens.refresh_token, session.refresh_token);
  const active = async () =>
    (await client.tokenIntrospection(config, tokens.access_token)).active;
  assert.equal(await active(), true);
  await client.tokenRevocation(config, tokens.refresh_token);
  assert.equal(await active(), false);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token),
    { error: 'invalid_grant' });
});
