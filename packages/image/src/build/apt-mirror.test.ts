import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { aptOptions, debianSources, validityFor } from './apt-mirror.ts';

const target = (...fields: string[]) => fields.join('\t');

test("the host's mirrors serve the release that is built, whatever release the host is", () => {
  const targets = [
    target('http://mirror.example/debian/', 'trixie', 'Debian', 'Debian'),
    target('http://mirror.example/debian/', 'trixie-updates', 'Debian', 'Debian'),
    target('http://mirror.example/debian/', 'trixie-backports', 'Debian Backports', 'Debian Backports'),
    target('http://mirror.example/security/', 'trixie-security', 'Debian', 'Debian-Security'),
    target('https://packages.example/node/', 'nodistro', 'Other', 'Other'),
  ].join('\n');
  assert.deepEqual(debianSources(targets, { suite: 'bookworm' }), [
    'deb http://mirror.example/debian/ bookworm main',
    'deb http://mirror.example/debian/ bookworm-updates main',
    'deb http://mirror.example/security/ bookworm-security main',
  ]);
  assert.deepEqual(debianSources(targets, { suite: 'sid', rolling: true }), [
    'deb http://mirror.example/debian/ sid main',
  ]);
});

test('before the first apt-get update a mirror is known by its path', () => {
  const targets = target('http://mirror.example/debian/', 'bookworm', '$(ORIGIN)', '$(LABEL)');
  assert.equal(debianSources(targets, { suite: 'bookworm' }).length, 2);
});

test('without a Debian mirror, or with an address that sources.list would read otherwise, there is an error', () => {
  const ubuntu = target('http://mirror.example/ubuntu/', 'noble', 'Ubuntu', 'Ubuntu');
  const odd = target('http://mirror.example/debian/ [trusted=yes]', 'bookworm', 'Debian', 'Debian');
  for (const targets of ['', ubuntu, odd])
    assert.throws(
      () => debianSources(targets, { suite: 'bookworm' }),
      (error) => hasErrorCode(error, 'debian-mirror-missing'),
    );
});

test("apt's proxies become environment variables, and only the age of lists stays an option of the guest's", () => {
  const configuration = [
    'Acquire::Check-Valid-Until\tfalse',
    'Acquire::http::Proxy\thttp://name:word@proxy.example:3128',
    'Acquire::http::Proxy::mirror.example\tDIRECT',
    'Acquire::Retries\t3',
    'Acquire::Check-Date\tfalse"; DPkg::Pre-Invoke {"x"; }; "',
  ].join('\n');
  assert.deepEqual(aptOptions(configuration), {
    validity: ['Acquire::Check-Valid-Until "false";'],
    proxies: { http_proxy: 'http://name:word@proxy.example:3128', no_proxy: 'mirror.example' },
  });
});

test('only a suite that is never released may have expired', () => {
  const strict = ['Acquire::Check-Date "true";', 'Acquire::Check-Valid-Until "true";'];
  assert.deepEqual(validityFor({ suite: 'trixie' }, strict), strict);
  assert.deepEqual(validityFor({ suite: 'sid', rolling: true }, strict), [
    'Acquire::Check-Date "true";',
    'Acquire::Check-Valid-Until "false";',
  ]);
});
