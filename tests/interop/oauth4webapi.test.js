// The certified client oauth4webapi, unchanged, against signetd.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { openSession, startSignetd } from './signetd.js';

const http = { [oauth.allowInsecureRequests]: true };
let signetd;
let server;

before(async () => {
  signetd = await startSignetd('--access-format', 'jwt');
  const issuer = new URL(signetd.url);
  const answer = await oauth.discoveryRequest(
    issuer, { algorithm: 'oauth2', ...http });
  server = await oauth.processDiscoveryResponse(issuer, answer);
});
after(async () => assert.equal(await signetd?.stop(), 0));

const confidential = { client_id: 'dev' };
const publicClient = { client_id: 'dev-app' };
const basic = oauth.ClientSecretBasic('dev-secret');
const post = oauth.ClientSecretPost('dev-secret');

const open = (extra = {}) => openSession(signetd.url, {
  subject: 'alice', audience: 'orders', scope: 'read write', ...extra,
});

async function refresh(client, method, token, parameters = {}) {
  const answer = await oauth.refreshTokenGrantRequest(
    server, client, method, token,
    { additionalParameters: parameters, ...http });
  return oauth.processRefreshTokenResponse(server, client, answer);
}

async function introspect(token) {
  const answer = await oauth.introspectionRequest(
    server, confidential, basic, token, http);
  return oauth.processIntrospectionResponse(server, confidential, answer);
}

const invalidGrant = (error) =>
  error instanceof oauth.ResponseBodyError &&
  error.status === 400 && error.error === 'invalid_grant';

test('discovery gives the endpoints', () => {
  assert.equal(server.issuer, signetd.url);
  for (const endpoint of ['token', 'revocation', 'introspection']) {
    assert.ok(server[`${endpoint}_endpoint`].startsWith(signetd.url));
  }
  assert.deepEqual(server.grant_types_supported, ['refresh_token']);
});

for (const [name, client, method, extra] of [
  ['client_secret_basic', confidential, basic, {}],
  ['client_secret_post', confidential, post, {}],
  ['a public client', publicClient, oauth.None(), { client_id: 'dev-app' }],
]) {
  test(`refresh as ${name} rotates`, async () => {
    const session = await open(extra);
    const first = await refresh(client, method, session.refresh_token);
    assert.equal(first.token_type, 'bearer');
    assert.ok(first.expires_in > 0);
    assert.notEqual(first.refresh_token, session.refresh_token);
    const second = await refresh(client, method, first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
  });
}

test('a lost answer: the retry gets the same successor', async () => {
  const session = await open();
  const lost = await refresh(confidential, basic, session.refresh_token);
  const retry = await refresh(confidential, basic, session.refresh_token);
  assert.equal(retry.refresh_token, lost.refresh_token);
});

test('a narrowed scope does not narrow the session', async () => {
  const session = await open();
  const narrow = await refresh(
    confidential, basic, session.refresh_token, { scope: 'read' });
  assert.equal(narrow.scope, 'read');
  const whole = await refresh(confidential, basic, narrow.refresh_token);
  assert.equal(whole.scope, 'read write');
});

test('a replayed older token ends the session', async () => {
  const session = await open();
  const first = await refresh(confidential, basic, session.refresh_token);
  const second = await refresh(confidential, basic, first.refresh_token);
  await assert.rejects(
    refresh(confidential, basic, session.refresh_token), invalidGrant);
  await assert.rejects(
    refresh(confidential, basic, second.refresh_token), invalidGrant);
  assert.deepEqual(await introspect(second.access_token), { active: false });
});

test('revocation ends the session and its access tokens', async () => {
  const session = await open();
  const answer = await oauth.revocationRequest(
    server, confidential, basic, session.refresh_token, http);
  await oauth.processRevocationResponse(answer);
  await assert.rejects(
    refresh(confidential, basic, session.refresh_token), invalidGrant);
  assert.deepEqual(await introspect(session.access_token), { active: false });
});

test('introspection tells a live access token and a refresh token', async () => {
  const session = await open();
  const access = await introspect(session.access_token);
  assert.equal(access.active, true);
  assert.equal(access.sub, 'alice');
  assert.equal(access.client_id, 'dev');
  assert.equal(access.sid, session.session_id);
  const token = await introspect(session.refresh_token);
  assert.equal(token.active, true);
  assert.deepEqual(await introspect('junk'), { active: false });
});

test('a wrong secret is invalid_client', async () => {
  const session = await open();
  await assert.rejects(
    refresh(confidential, oauth.ClientSecretPost('wrong'),
      session.refresh_token),
    (error) => error.error === 'invalid_client' && error.status === 401);
  await assert.rejects(
    refresh(confidential, oauth.ClientSecretBasic('wrong'),
      session.refresh_token),
    (error) => error instanceof oauth.WWWAuthenticateChallengeError &&
      error.cause[0].scheme === 'basic');
});
