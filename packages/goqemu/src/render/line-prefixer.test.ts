import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import { LinePrefixer } from './line-prefixer.ts';

test('each line gets the prefix once, however the bytes arrive', async () => {
  const stream = new PassThrough();
  const prefixer = new LinePrefixer(stream, 'web | ');
  const bytes = Buffer.from('grüße\nzweite\n\nletzte');
  for (const byte of bytes) prefixer.write(Buffer.from([byte]));
  prefixer.end();
  assert.equal(await text(stream.end()), 'web | grüße\nweb | zweite\nweb | \nweb | letzte\n');
});

test('without a prefix the bytes pass as they are', async () => {
  const stream = new PassThrough();
  const prefixer = new LinePrefixer(stream, '');
  prefixer.write(Buffer.from([0xff, 0x0a, 0x00]));
  prefixer.end();
  assert.deepEqual(await buffer(stream.end()), Buffer.from([0xff, 0x0a, 0x00]));
});
