// Starts a real signetd on free ports of the loopback interface, with rings
// and data in a temporary folder, and stops it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export async function startSignetd(...args) {
  const binary = process.env.SIGNETD_BIN;
  if (!binary) throw new Error('SIGNETD_BIN must name the signetd to test');
  const folder = mkdtempSync(join(tmpdir(), 'signet-interop-'));
  const child = spawn(binary, [
    '--dev', '--data', join(folder, 'data'), '--keys', join(folder, 'keys'),
    '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', ...args,
  ], { stdio: ['ignore', 'pipe', 'pipe'] });

  let log = '';
  child.stderr.on('data', (data) => { log += data; });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = line.match(/listening on (http:\/\/\S+)/);
      if (match) resolve(match[1]);
    });
    exited.then((code) => reject(new Error(`signetd exited ${code}: ${log}`)));
  });

  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      const code = await exited;
      rmSync(folder, { recursive: true });
      return code;
    },
  };
}

// openSession does what a trusted backend does after a login.
export async function openSession(url, session) {
  const response = await fetch(`${url}/v1/sessions`, {
    method: 'POST',
    headers: {
      'authorization': `Basic ${btoa('dev:dev-secret')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(session),
  });
  if (response.status !== 201) {
    throw new Error(`${response.status} ${await response.text()}`);
  }
  return response.json();
}
