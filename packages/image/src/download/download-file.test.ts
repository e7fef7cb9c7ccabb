import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ErrorCode, hasErrorCode } from '@goqemu/core';
import { ImageServer } from '@goqemu/testing';
import { type DownloadOptions, type DownloadProgress, downloadFile } from './download-file.ts';
import { connectionError, isFinal, openHttpClient } from './http-client.ts';

const content = randomBytes(3_000_000);
const sha512 = createHash('sha512').update(content).digest('hex');
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;

async function publisher() {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-download-'));
  const server = await ImageServer.start({ '/disk.img': content });
  const client = await openHttpClient({});
  const part = join(folder, 'disk.part');
  const url = server.url('/disk.img');
  const progress: DownloadProgress[] = [];
  const download = (options: Partial<DownloadOptions> = {}) =>
    downloadFile({
      client,
      url,
      part,
      checksum: { algorithm: 'sha512', value: sha512 },
      retryDelayMs: 1,
      onProgress: (step) => progress.push(step),
      ...options,
    });
  return {
    server,
    folder,
    part,
    progress,
    download,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

const failsWith = (code: ErrorCode) => (error: unknown) => hasErrorCode(error, code) && Boolean(error.hint);

test('a download is whole, verified and leaves no record behind', async () => {
  await using at = await publisher();
  assert.deepEqual(await at.download(), { bytes: content.length, digest });
  assert.deepEqual(await readFile(at.part), content);
  assert.deepEqual(await readdir(at.folder), ['disk.part']);
  assert.deepEqual(at.progress.at(-1), { kind: 'download', bytes: content.length, total: content.length });
});

test('an interrupted download resumes where it stopped', async () => {
  await using at = await publisher();
  at.server.behave('/disk.img', { cuts: [1_000_000, 500_000] });
  assert.equal((await at.download()).digest, digest);
  const starts = at.server.requests.map((request) => Number(/\d+/.exec(request.range ?? '0')?.[0]));
  assert.equal(starts.length, 3);
  assert.equal(Number(starts[0]) < Number(starts[1]) && Number(starts[1]) < Number(starts[2]), true);
  assert.match(at.server.requests[1]?.ifRange ?? '', /^"/);
});

test('the next process resumes what an interrupted one has', async () => {
  await using at = await publisher();
  at.server.behave('/disk.img', { cuts: [1_000_000] });
  await assert.rejects(at.download({ maxFruitlessAttempts: 0 }), failsWith('download-cut'));
  assert.equal((await stat(at.part)).size > 0, true);
  assert.equal((await at.download()).digest, digest);
  assert.match(at.server.requests.at(-1)?.range ?? '', /^bytes=[1-9]\d*-$/);
});

test('a file that changed at the publisher is taken from its beginning', async () => {
  await using at = await publisher();
  at.server.put('/disk.img', randomBytes(3_000_000));
  at.server.behave('/disk.img', { cuts: [1_000_000] });
  await assert.rejects(at.download({ maxFruitlessAttempts: 0 }), failsWith('download-cut'));
  at.server.put('/disk.img', content);
  assert.equal((await at.download()).digest, digest);
});

test('a file that became shorter than what is there is taken from its beginning', async () => {
  await using at = await publisher();
  at.server.behave('/disk.img', { cuts: [2_000_000], etag: true });
  await assert.rejects(at.download({ maxFruitlessAttempts: 0 }), failsWith('download-cut'));
  const short = Buffer.from('short');
  at.server.put('/disk.img', short);
  const checksum = { algorithm: 'sha256', value: createHash('sha256').update(short).digest('hex') } as const;
  assert.equal((await at.download({ checksum })).bytes, 5);
  assert.deepEqual(await readFile(at.part), short);
});

test('without ranges, validators or a length an interrupted download starts over and is still verified', async () => {
  await using at = await publisher();
  at.server.behave('/disk.img', { cuts: [1_000_000], ranges: false, etag: false, length: false });
  assert.equal((await at.download()).digest, digest);
  assert.deepEqual(await readFile(at.part), content);
});

test('a wrong checksum leaves nothing behind', async () => {
  await using at = await publisher();
  const checksum = { algorithm: 'sha256', value: '0'.repeat(64) } as const;
  await assert.rejects(at.download({ checksum }), failsWith('checksum-mismatch'));
  assert.deepEqual(await readdir(at.folder), []);
});

test('a download that is interrupted repeatedly ends with what it has', async () => {
  await using at = await publisher();
  at.server.behave('/disk.img', { cuts: [1_000_000, 0, 0, 0] });
  await assert.rejects(at.download({ maxFruitlessAttempts: 3 }), failsWith('download-cut'));
  assert.equal(at.server.requests.length, 4);
  assert.equal((await stat(at.part)).size > 0, true);
});

test('404 ends at once, 503 after several attempts, and a passing 503 not at all', async () => {
  await using at = await publisher();
  at.server.behave('/disk.img', { status: 404 });
  await assert.rejects(at.download(), failsWith('download-not-found'));
  assert.equal(at.server.requests.length, 1);
  at.server.behave('/disk.img', { status: 503 });
  await assert.rejects(at.download({ maxFruitlessAttempts: 2 }), failsWith('download-refused'));
  at.server.behave('/disk.img', { status: 503, times: 2 });
  assert.equal((await at.download()).digest, digest);
});

test('redirects are followed', async () => {
  await using at = await publisher();
  at.server.behave('/latest', { redirect: '/disk.img' });
  assert.equal((await at.download({ url: at.server.url('/latest') })).digest, digest);
});

test('a publisher that does not answer is unreachable, by its host', async () => {
  await using at = await publisher();
  const url = at.server.url('/disk.img');
  await at.server[Symbol.asyncDispose]();
  await assert.rejects(at.download({ url, maxFruitlessAttempts: 1 }), (error) => {
    return hasErrorCode(error, 'download-unreachable') && error.message.includes('127.0.0.1');
  });
});

test('a full disk ends the download and is given back what it held', async () => {
  await using at = await publisher();
  await symlink('/dev/full', at.part); // full(4): every write fails with ENOSPC
  await assert.rejects(at.download(), failsWith('disk-full'));
  assert.deepEqual(await readdir(at.folder), []);
});

test('a signal ends a slow download with its own reason, and the part stays', async () => {
  await using at = await publisher();
  at.server.behave('/disk.img', { slow: { chunk: 100_000, delayMs: 5 } });
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = () => controller.abort(reason);
  await assert.rejects(at.download({ signal: controller.signal, onProgress }), (error) => error === reason);
  assert.equal((await stat(at.part)).size > 0, true);
});

test('a certificate that is not trusted is final and says what to do', () => {
  const cause = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  const thrown = new TypeError('fetch failed', { cause });
  assert.equal(isFinal(thrown), true);
  const error = connectionError('https://images.example/disk.img', thrown);
  assert.equal(error.code, 'download-tls');
  assert.match(error.hint ?? '', /NODE_EXTRA_CA_CERTS/);
});

test('the proxy of the environment is asked, unless NO_PROXY names the host', async () => {
  await using proxy = await ImageServer.start();
  await using publisher = await ImageServer.start({ '/a': Buffer.from('direct') });
  await using client = await openHttpClient({ http_proxy: proxy.url(''), no_proxy: '127.0.0.1' });
  const response = await client.request(publisher.url('/a'), {});
  assert.equal(await response.body.text(), 'direct');
  await assert.rejects(client.request('http://images.example/a', {}));
  assert.deepEqual(proxy.requests, [
    { method: 'CONNECT', path: 'images.example:80', range: undefined, ifRange: undefined },
  ]);
});
