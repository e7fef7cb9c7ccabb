import assert from 'node:assert/strict';
import { posix, resolve } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import fc from 'fast-check';
import { builtInCatalogue, defaultImage } from './catalogue.ts';
import { recogniseGuest } from './guest-profile.ts';
import { parseImageReference, referenceName } from './image-reference.ts';
import { mirrored } from './publisher-mirror.ts';

test('every system that goqemu promises is in the catalogue, with Debian 12 as the default', () => {
  const names = builtInCatalogue.map((entry) => entry.name);
  for (const name of ['debian-12', 'debian-13', 'ubuntu-22.04', 'ubuntu-24.04', 'rocky-9', 'alma-9', 'arch'])
    assert.equal(names.includes(name), true, name);
  for (const system of ['fedora', 'alpine'])
    assert.equal(
      builtInCatalogue.some((entry) => entry.system === system),
      true,
      system,
    );
  assert.equal(names[0], defaultImage);
});

test('names and aliases are unique', () => {
  const all = builtInCatalogue.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]);
  assert.equal(new Set(all).size, all.length);
});

test('every published image has an https URL without an open placeholder, a checksum, and names its own system', () => {
  for (const entry of builtInCatalogue) {
    for (const [arch, image] of Object.entries(entry.published)) {
      for (const url of [image.url, image.checksum.url]) {
        assert.equal(new URL(url).protocol, 'https:');
        assert.doesNotMatch(url, /[{}]/);
      }
      assert.match(image.url, arch === 'x86_64' ? /x86_64|amd64/ : /aarch64|arm64/);
      assert.equal(recogniseGuest(image.url).system, entry.system, image.url);
    }
  }
});

test('every image but that of Arch, which has none, is there for arm64, too', () => {
  const without = builtInCatalogue.filter(({ published }) => !published.aarch64).map(({ name }) => name);
  assert.deepEqual(without, ['arch']);
  const alpine = builtInCatalogue.find(({ name }) => name === 'alpine-3.22');
  assert.match(alpine?.published.x86_64?.url ?? '', /3\.22\.2-x86_64-bios-cloudinit/);
  assert.match(alpine?.published.aarch64?.url ?? '', /3\.22\.2-aarch64-uefi-cloudinit/);
});

test('the guest of a custom URL is recognised by the file, then by the folders, else unknown', () => {
  const system = (url: string) => recogniseGuest(url).system;
  assert.equal(system('https://mirror.example/debian-cd/jammy-server-cloudimg-amd64.img'), 'ubuntu');
  assert.equal(system('https://mirror.example/fedora/disk.qcow2?x=alpine'), 'fedora');
  assert.equal(system('/images/Arch-Linux-x86_64-cloudimg.qcow2'), 'arch');
  assert.equal(system('C:\\images\\AlmaLinux-9.qcow2'), 'alma');
  assert.equal(system('https://example.org/search/monarch.qcow2'), 'unknown');
  assert.equal(recogniseGuest('https://mirror.example/alpine.qcow2').shell, '/bin/sh');
});

test('a reference is a name, a URL or a path', () => {
  const parse = (text: string) => parseImageReference(text, builtInCatalogue);
  const named = parse('bookworm');
  assert.equal(named.kind === 'catalogue' && named.entry.name, 'debian-12');
  assert.deepEqual(parse('https://example.org/a.qcow2'), {
    kind: 'url',
    url: 'https://example.org/a.qcow2',
    checksum: undefined,
  });
  assert.deepEqual(parse('./a b.qcow2'), { kind: 'file', path: resolve('a b.qcow2') });
  assert.deepEqual(parse('my.img'), { kind: 'file', path: resolve('my.img') });
});

test('a URL may pin its content, and a pin that is no digest is refused', () => {
  const digits = 'AB'.repeat(32);
  const pinned = parseImageReference(`https://example.org/a.qcow2#sha256=${digits}`, []);
  assert.deepEqual(pinned, {
    kind: 'url',
    url: 'https://example.org/a.qcow2',
    checksum: { algorithm: 'sha256', value: digits.toLowerCase() },
  });
  for (const bad of ['https://example.org/a#sha256=12', `https://example.org/a#sha512=${digits}`, 'https://'])
    assert.throws(
      () => parseImageReference(bad, []),
      (error) => hasErrorCode(error, 'image-reference-invalid'),
      bad,
    );
});

test('an unknown name is refused with the nearest one', () => {
  assert.throws(
    () => parseImageReference('debain-12', builtInCatalogue),
    (error) => hasErrorCode(error, 'image-unknown') && /did you mean "debian-12"/.test(error.hint ?? ''),
  );
});

test('whatever the reference, its name is one safe part of a path, and another one for another reference', () => {
  const reference = fc.oneof(
    fc.webUrl(),
    fc.string({ unit: 'binary' }).map((text) => `./${text.replaceAll('\0', '')}`),
    fc.constantFrom('../../etc/passwd', './..', './a\nb', `./${'x'.repeat(255)}.qcow2`, 'https://example.org/..%2f..'),
  );
  fc.assert(
    fc.property(reference, (text) => {
      const name = referenceName(parseImageReference(text, []));
      assert.match(name, /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,99}$/);
      assert.equal(posix.join('/img', name), `/img/${name}`);
    }),
  );
  const name = (url: string) => referenceName(parseImageReference(url, []));
  assert.notEqual(name('https://a.example/disk.qcow2'), name('https://b.example/disk.qcow2'));
});

test('a mirror stands in for every publisher, under the name of its host', () => {
  const image = {
    url: 'https://cloud.example/a/b.img',
    checksum: { url: 'https://cloud.example/a/S', algorithm: 'sha256' },
  } as const;
  assert.deepEqual(mirrored(image, undefined), image);
  assert.equal(mirrored(image, 'http://127.0.0.1:8000/x/').url, 'http://127.0.0.1:8000/x/cloud.example/a/b.img');
  assert.equal(mirrored(image, 'http://127.0.0.1').checksum.url, 'http://127.0.0.1/cloud.example/a/S');
  assert.throws(
    () => mirrored(image, 'ftp://x'),
    (error) => hasErrorCode(error, 'image-mirror-invalid'),
  );
});
