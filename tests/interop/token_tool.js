// Runs token_tool, the small program around Issuer and Verifier.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

function run(args, lines) {
  const folder = process.env.SIGNET_BIN_DIR;
  if (!folder) throw new Error('SIGNET_BIN_DIR must name the built programs');
  return spawnSync(join(folder, 'token_tool'), args, {
    input: lines.map((line) => `${line}\n`).join(''), encoding: 'utf8',
  });
}

function succeed(args, lines = []) {
  const { status, stdout, stderr } = run(args, lines);
  if (status !== 0) throw new Error(`token_tool ${args}: ${stderr}`);
  return stdout.trimEnd();
}

export const newKey = (format) => JSON.parse(succeed(['key', format]));

export const mint = (format, jwk, { recipient, assertion = '' } = {}) =>
  succeed(['mint', format, assertion], [
    JSON.stringify(jwk), recipient ? JSON.stringify(recipient) : '']);

// verify gives { subject, kid, custom }, or { refused } with the reason.
export function verify(
  format, jwk, token, { assertion = '', recipient } = {}) {
  const { status, stdout, stderr } = run(['verify', format, assertion], [
    JSON.stringify(jwk), token, recipient ? JSON.stringify(recipient) : '']);
  if (status === 1) return { refused: stderr.trimEnd() };
  if (status !== 0) throw new Error(stderr);
  const [, subject, kid, custom] = stdout.match(/^(\S+) (\S+) (.*)\n$/);
  return { subject, kid, custom: custom ? JSON.parse(custom) : undefined };
}

// statusOf gives "1 invalid", or { refused } with the reason.
export function statusOf(jwk, uri, index, list) {
  const { status, stdout, stderr } = run(
    ['status', uri, String(index)], [JSON.stringify(jwk), list]);
  if (status === 1) return { refused: stderr.trimEnd() };
  if (status !== 0) throw new Error(stderr);
  return stdout.trimEnd();
}

// publicOf leaves the secret members of a JWK out.
export function publicOf(jwk) {
  const { d, p, q, dp, dq, qi, k, ...rest } = jwk;
  return rest;
}
