import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ImageServer } from './image-server.ts';

const content = Buffer.from('0123456789'.repeat(100));

test('serves a file with its length and a strong ETag', async () => {
  await using server = await ImageServer.start({ '/a.img': content });
  const response = await fetch(server.url('/a.img'));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), '1000');
  assert.match(response.headers.get('etag') ?? '', /^"[0-9a-f]+"$/);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), content);
});

test('answers a range, and the whole file when If-Range does not match', async () => {
  await using server = await ImageServer.start({ '/a.img': content });
  const part = await fetch(server.url('/a.img'), { headers: { range: 'bytes=990-' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), 'bytes 990-999/1000');
  assert.equal(await part.text(), '0123456789');
  const whole = await fetch(server.url('/a.img'), { headers: { range: 'bytes=990-', 'if-range': '"other"' } });
  assert.equal(whole.status, 200);
  assert.equal((await whole.text()).length, 1000);
  const beyond = await fetch(server.url('/a.img'), { headers: { range: 'bytes=1000-' } });
  assert.equal(beyond.status, 416);
});

test('cuts a connection as often as configured, after so many bytes', async () => {
  await using server = await ImageServer.start({ '/a.img': content });
  server.behave('/a.img', { cuts: [10] });
  await assert.rejects(async () => (await fetch(server.url('/a.img'))).arrayBuffer());
  assert.equal((await (await fetch(server.url('/a.img'))).arrayBuffer()).byteLength, 1000);
});

test('gives a status so many times, redirects, and records every request', async () => {
  await using server = await ImageServer.start({ '/a.img': content });
  server.behave('/a.img', { status: 503, times: 1 });
  server.behave('/latest', { redirect: '/a.img' });
  assert.equal((await fetch(server.url('/latest'))).status, 503);
  assert.equal((await fetch(server.url('/latest'))).status, 200);
  assert.equal((await fetch(server.url('/none'))).status, 404);
  assert.deepEqual(
    server.requests.map((request) => request.path),
    ['/latest', '/a.img', '/latest', '/a.img', '/none'],
  );
});

test('makes checksum files that fit, in three forms, and wrong ones on request', async () => {
  await using server = await ImageServer.start({ '/a.img': content });
  const digits = createHash('sha256').update(content).digest('hex');
  const text = async (style: 'gnu' | 'bsd' | 'bare', wrong = false) => {
    server.checksums('/sums', { algorithm: 'sha256', style, of: ['/a.img'], wrong });
    return (await fetch(server.url('/sums'))).text();
  };
  assert.equal(await text('gnu'), `${digits}  a.img\n`);
  assert.equal(await text('bsd'), `SHA256 (a.img) = ${digits}\n`);
  assert.equal(await text('bare'), `${digits}\n`);
  assert.equal((await text('gnu', true)).includes(digits), false);
});
