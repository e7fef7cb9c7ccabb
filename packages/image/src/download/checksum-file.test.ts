import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findChecksum } from './checksum-file.ts';

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);

test('GNU lines give the checksum of the very file, in text and in binary mode', () => {
  const text = `${a}  other-disk.img\n${b}  disk.img\n`;
  assert.deepEqual(findChecksum(text, 'disk.img', 'sha256'), { algorithm: 'sha256', value: b });
  assert.equal(findChecksum(`${a} *disk.img`, 'disk.img', 'sha256')?.value, a);
  assert.equal(findChecksum(`${a}  ./images/disk.img`, 'disk.img', 'sha256')?.value, a);
});

test('BSD lines are read inside a clear-signed message', () => {
  const text = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# disk.img: 123 bytes\nSHA256 (disk.img) = ${a.toUpperCase()}\r\n-----BEGIN PGP SIGNATURE-----\n${b}\n`;
  assert.deepEqual(findChecksum(text, 'disk.img', 'sha256'), { algorithm: 'sha256', value: a });
});

test('bare digits count when there is nothing else in the file', () => {
  assert.equal(findChecksum(`${a}\n`, 'disk.img', 'sha256')?.value, a);
  assert.equal(findChecksum(`${a}\n${b}\n`, 'disk.img', 'sha256'), undefined);
});

test('another file, another algorithm and an error page give nothing', () => {
  assert.equal(findChecksum(`${a}  disk.img.xz\n${b}  my-disk.img`, 'disk.img', 'sha256'), undefined);
  assert.equal(findChecksum(`${a}  disk.img`, 'disk.img', 'sha512'), undefined);
  assert.equal(findChecksum('<html>404</html>', 'disk.img', 'sha256'), undefined);
});

test('a checksum is found whatever lines stand around it, and never made up', () => {
  const noise = fc.string().filter((line) => !/[0-9a-f]{64}/i.test(line));
  fc.assert(
    fc.property(fc.array(noise), fc.array(noise), (before, after) => {
      const lines = [...before, `${a}  disk.img`, ...after].join('\n');
      assert.equal(findChecksum(lines, 'disk.img', 'sha256')?.value, a);
      assert.equal(findChecksum([...before, ...after].join('\n'), 'disk.img', 'sha256'), undefined);
    }),
  );
});
