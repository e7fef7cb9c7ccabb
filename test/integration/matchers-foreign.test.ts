import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expect, type MachineProbes, probesOf } from '@goqemu/test';
import { type ForeignRoot, openForeignRoot } from './foreign-root.ts';

const once = { timeout: '2 min', interval: '2 min' } as const;
let root: ForeignRoot;
let web: MachineProbes;

before(async () => {
  root = await openForeignRoot();
  web = probesOf(root.guest, { name: 'web', timeout: '2 min' });
});
after(() => root[Symbol.asyncDispose]());

async function run(script: string): Promise<void> {
  const { exitCode, stdout, stderr } = await root.guest.exec(script);
  assert.equal(exitCode, 0, stdout + stderr);
}

test('a service of OpenRC runs, and does not', async () => {
  root.write(
    'etc/init.d/shop',
    '#!/sbin/openrc-run\ncommand=/bin/sleep\ncommand_args=1000\ncommand_background=yes\npidfile=/run/shop.pid\n',
    0o755,
  );
  root.write('etc/insserv.conf', '');
  await run(`for d in starting started stopping inactive failed daemons options exclusive scheduled tmp; do mkdir -p /run/openrc/$d; done
: > /run/openrc/softlevel`);
  const shop = expect(web.service('shop'));
  await shop.not.toBeRunning();
  await assert.rejects(shop.toBeRunning(once), /got: +not running: \* status: stopped[\s\S]*the status of shop:/);
  await run('rc-service shop start');
  await shop.toBeRunning();
  await expect(web.process('sleep')).toBeRunning();
  await assert.rejects(shop.not.toBeRunning(once), /expected: not running\ngot: +running/);
  await run('rc-service shop stop');
  await shop.not.toBeRunning();
  await assert.rejects(expect(web.service('absent')).toBeRunning(once), /service `absent' does not exist/);
});

test('a package of RPM is installed in a version, changes by name, and brings its files', async () => {
  root.write('etc/motd', 'hello\n');
  await using baseline = await web.baseline({ within: ['/etc', '/usr/share'] });
  const shop = expect(web.package('shop'));
  await shop.not.toBeInstalled();
  root.write('tmp/shop.spec', spec);
  await run(
    `rpmbuild -bb --define '_topdir /tmp/rpm' --define '__os_install_post %{nil}' /tmp/shop.spec && rpm -i --nodeps /tmp/rpm/RPMS/noarch/*.rpm`,
  );
  await shop.toBeInstalled();
  await shop.toHaveVersion('2:1.2-3');
  await assert.rejects(shop.toHaveVersion(/^1\.3/, once), /got: +version 2:1\.2-3/);
  await expect(web).toHaveChangedOnly({ packages: ['shop'] }, baseline);
  await assert.rejects(expect(web).toHaveChangedOnly({}), /\+ package shop 2:1\.2-3[\s\S]*\+ \/usr\/share\/shop\/page/);
  await run('rpm -e shop && echo bye > /etc/motd');
  await assert.rejects(expect(web).toHaveChangedOnly({}), /changes of 1 file besides[\s\S]*~ \/etc\/motd \(content\)/);
});

test("a package of apk is installed in a version, as apk's database says", async () => {
  // apk-tools, “apk-package(5)” and the installed database: a paragraph for each package, F: a folder, R: a file in it.
  const apk = (version: string) =>
    `C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nC:Q1y=\nP:stall\nV:${version}\nA:x86_64\nF:usr/share/stall\nR:page\nZ:Q1z=\n\n`;
  root.write('lib/apk/db/installed', apk('1.0-r0'));
  root.write('usr/share/stall/page', 'old');
  await using baseline = await web.baseline({ within: ['/usr/share'] });
  await expect(web.package('stall')).toHaveVersion('1.0-r0');
  await expect(web.package('stal')).not.toBeInstalled();
  root.write('lib/apk/db/installed', apk('1.1-r0'));
  root.write('usr/share/stall/page', 'newer');
  await expect(web).toHaveChangedOnly({ packages: [/^stall$/] }, baseline);
  await assert.rejects(
    expect(web).toHaveChangedOnly({}),
    /~ package stall 1\.0-r0 → 1\.1-r0[\s\S]*~ \/usr\/share\/stall\/page/,
  );
});

const spec = `Name: shop
Version: 1.2
Release: 3
Epoch: 2
Summary: a shop
License: none
BuildArch: noarch
%description
a shop
%install
mkdir -p %{buildroot}/usr/share/shop
echo page > %{buildroot}/usr/share/shop/page
%files
/usr/share/shop
`;
