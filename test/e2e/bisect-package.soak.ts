import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';

/** Four versions of a package in a repository of the guest's own; from 1.2 on its program fails. */
const repository = `set -e
mkdir -p /srv/repository && cd /srv/repository
for version in 1.0 1.1 1.2~rc1 1.2 1.10; do
  rm -rf build && mkdir -p build/DEBIAN build/usr/bin
  printf 'Package: probe\\nVersion: %s\\nArchitecture: all\\nMaintainer: a <a@example.org>\\nDescription: a probe\\n' $version > build/DEBIAN/control
  case $version in 1.0|1.1|1.2~rc1) code=0;; *) code=3;; esac
  printf '#!/bin/sh\\necho %s; exit %s\\n' $version $code > build/usr/bin/probe
  chmod 755 build/usr/bin/probe
  dpkg-deb --build --root-owner-group build probe_$version.deb
done
rm -f Packages
for file in *.deb; do
  dpkg-deb --field $file >> Packages
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' $file $(stat -c %s $file) $(sha256sum $file | cut -d ' ' -f 1) >> Packages
done
echo 'deb [trusted=yes] file:/srv/repository ./' > /etc/apt/sources.list.d/probe.list
apt-get update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/probe.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
`;

test('in the versions of a package, each installed in a fork of a Debian 12', async () => {
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'packages' }, (lab) => {
  lab.vm('web', { memory: '512 MiB' }).run('repository', ${JSON.stringify(repository)}).checkpoint('ready');
});
`);
  await folder.ok('apply', '--yes');
  const ends = ['--package', 'probe', '--good', '1.0', '--bad', '1.10'];
  const { stdout, stderr } = await folder.ok('bisect', '--at', 'ready', ...ends, '--', 'probe');
  assert.equal(stdout, 'the first bad one is 1.2\n', stderr);
  const unknown = await folder.run(['bisect', '--at', 'ready', ...ends.slice(0, -1), '9', '--', 'probe']);
  assert.equal(unknown.code, 65);
  assert.match(unknown.stderr, /--bad 9 is not in the versions of probe .*it has: 1\.0, 1\.1, 1\.2~rc1, 1\.2, 1\.10/s);
});
