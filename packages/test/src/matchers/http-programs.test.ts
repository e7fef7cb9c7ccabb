import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { expect } from '../expect/expect.ts';
import { dash, localGuest } from '../fixture/local-guest.fixture.ts';
import { probesOf } from '../probes/probes-of.ts';
import { readAnswer } from './http-answer.ts';

const folder = mkdtempSync(join(tmpdir(), 'goqemu-programs-'));
const once = { timeout: 60_000, interval: 60_000 } as const;
let server: Server;
let url: string;

before(async () => {
  server = createServer((request, response) => {
    if (request.url === '/large') return response.end('x'.repeat(400_000));
    const status = Number(/\d{3}/.exec(request.url ?? '')?.[0] ?? 200);
    response.writeHead(status, { 'x-asked': request.headers['x-ask'] ?? 'not', location: '/' });
    return response.end(`${request.method} ${request.url}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** A guest that has one of these programs and the usual small ones. */
function guestWith(program: string, path: string) {
  const bin = join(folder, program);
  mkdirSync(bin);
  for (const name of ['sh', 'head', 'grep']) symlinkSync(found(name), join(bin, name));
  if (path !== '') symlinkSync(path, join(bin, program));
  const guest = localGuest({ ...dash, path: bin });
  // The folders of administrators that every question looks into, too, are this host's.
  const own = (script: string) => script.replaceAll(/:\/usr\/local\/sbin:\/usr\/sbin:\/sbin/g, '');
  return probesOf({ exec: (command, options) => guest.exec(own(String(command)), options) }, { name: program });
}

function found(name: string): string {
  return execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim();
}

const python = () =>
  realpathSync(execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim());

for (const [program, path] of [
  ['curl', () => found('curl')],
  ['wget', () => found('wget')],
  ['perl', () => found('perl')],
  ['python3', python],
] as const) {
  test(`${program} alone asks, and gives the status, the headers and the body`, async () => {
    const web = guestWith(program, path());
    const asked = expect(web.http(`${url}/a%20b?c=$(d)&e=;f`, { headers: { 'x-ask': `it's "$(me)" \`id\`` } }));
    await asked.toHaveBody('GET /a%20b?c=$(d)&e=;f');
    await asked.toHaveHeader('X-Asked', `it's "$(me)" \`id\``);
    await expect(web.http(`${url}/503`)).toHaveStatus(503);
    await expect(web.http(`${url}/503`)).toHaveBody('GET /503');
    await expect(web.http(`${url}/302`)).toHaveStatus(302);
    await expect(web.http(url, { method: 'POST' })).toHaveBody('POST /');
    await expect(web.http(url, { method: 'HEAD' })).toHaveHeader('location', '/');
    await expect(web.http(`${url}/large`)).toHaveBody(/^x{1000}/);
    for (const either of [expect(web.http(`${url}/large`)), expect(web.http(`${url}/large`)).not])
      await assert.rejects(either.toHaveBody('x', once), /a body that is longer than 256 KiB/);
    await assert.rejects(
      expect(web.http('http://127.0.0.1:1/')).toHaveStatus(200, once),
      /got: +no answer: .*refused|connect/i,
    );
  });
}

test('a guest with none of these programs is an error that names them', async () => {
  const web = guestWith('none', '');
  await assert.rejects(expect(web.http(url)).not.toHaveStatus(200), {
    code: 'expectation-unsupported',
    message: /the guest has no curl, wget, Perl or Python/,
  });
});

test('an answer begins after those of status 1xx, and headers that come twice are joined', () => {
  const stdout =
    'curl\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/2 200\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\nbody\r\n\r\nmore';
  const answer = readAnswer({ stdout, stderr: '' });
  assert.ok('status' in answer);
  assert.deepEqual([answer.status, answer.phrase, answer.body], [200, '', 'body\r\n\r\nmore']);
  assert.deepEqual([...answer.headers], [['set-cookie', 'a=1, b=2']]);
});
