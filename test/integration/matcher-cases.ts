import assert from 'node:assert/strict';
import { ExpectationError, expect, probesOf, type TestedGuest } from '@goqemu/test';

/** Asks once. */
const once = { timeout: '2 min', interval: '2 min' } as const;

/** What only a whole Debian shows: systemd, its journal, packages and what changes by itself. Each matcher holds, and fails. */
export async function matchersOnDebian(guest: TestedGuest): Promise<void> {
  const web = probesOf(guest, { name: 'web', host: '127.0.0.1', timeout: '2 min' });
  const as = (script: string) => guest.exec(script, { sudo: true, timeout: 120_000 });
  const mark = await web.journal().mark();
  await as(`systemd-run -q --unit=broken sh -c 'echo the last words; exit 7'
systemd-run -q --unit=site --working-directory=/etc/ssh python3 -m http.server 8080`);

  await unitsAndServices(web);
  await portsAndRequests(web);

  await expect(web.journal()).toContain('the last words');
  await expect(web.journal({ unit: 'broken' })).toContain(/last words$/m);
  await expect(web.journal({ unit: 'counter' })).not.toContain('the last words');
  await expect(web.journal({ unit: 'counter' })).toHaveNoErrorsSince(mark);
  await as('logger -p user.err the disk is on fire');
  await fails(expect(web.journal()).toHaveNoErrorsSince(mark, once), /the disk is on fire/);
  await expect(web.journal()).toHaveNoErrorsSince(new Date(Date.now() + 60_000));

  await expect(web.file('/etc/shadow')).toHaveMode('0640');
  await expect(web.file('/etc/shadow')).toHaveOwner('root:shadow');
  await fails(expect(web.file('/etc/shadow')).toHaveOwner('root:root', once), /got: +owner root:shadow/);
  await expect(web.user('debian')).toExist();
  await fails(expect(web.user('debian')).toBeInGroup('shadow', once), /in the groups debian/);
  await expect(web.mount('/run/t')).toBeMounted();
  await fails(expect(web.mount('/run/t')).not.toBeMounted(once), /t, tmpfs/);
  await expect(web.command('id -un')).toPrint('debian');
  await expect(web.command('id -un', { sudo: true })).toPrint('root');
  await expect(web.process('systemd')).toBeRunning();
}

async function unitsAndServices(web: ReturnType<typeof probesOf>): Promise<void> {
  await expect(web.unit('counter')).toBeActive();
  await expect(web.unit('broken')).toBeFailed();
  await fails(expect(web.unit('broken')).toBeActive(once), /got: +failed \(exit-code\)[\s\S]*the last words/);
  await fails(expect(web.unit('counter')).toBeFailed(once), /got: +active \(running\)/);
  await expect(web.unit('no-such-unit')).not.toBeActive();
  await fails(expect(web.unit('no-such-unit')).toBeActive(once), /got: +inactive: there is no such unit/);
  await expect(web.unit('ssh.service')).toBeEnabled();
  await fails(expect(web.unit('systemd-journald')).toBeEnabled(once), /got: +static/);
  await expect(web.service('ssh')).toBeRunning();
  await fails(expect(web.service('broken')).toBeRunning(once), /got: +not running: failed[\s\S]*the last words/);
}

async function portsAndRequests(web: ReturnType<typeof probesOf>): Promise<void> {
  await expect(web.port(8080)).toBeListening();
  await fails(expect(web.port(8081)).toBeListening(once), /nothing listens on it[\s\S]*:8080/);
  await expect(web.port(7000)).toBeReachableFrom(web);
  await fails(expect(web.port(8081)).toBeReachableFrom(web, once), /refused/);
  const answer = expect(web.http('http://localhost:8080/sshd_config'));
  await answer.toHaveStatus(200);
  await answer.toHaveBody(/^#?PermitRootLogin/m);
  await answer.toHaveHeader('server', /^SimpleHTTP/);
  await fails(expect(web.http('http://localhost:8080/absent')).toHaveStatus(200, once), /got: +status 404/);
}

/** What a package brings, and what is done besides, against a baseline; returns how long each took. */
export async function changesOnDebian(guest: TestedGuest): Promise<Readonly<Record<string, number>>> {
  const web = probesOf(guest, { name: 'web' });
  const took: Record<string, number> = {};
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    took[what] = Math.round(performance.now() - started);
    return result;
  };
  const baseline = await timed('baseline', () => web.baseline());
  assert.ok(baseline.files > 5_000 && baseline.packages > 50, `${baseline.files} files, ${baseline.packages} packages`);
  await timed('compare', () => expect(web).toHaveChangedOnly({}));
  const made = await guest.exec(installPackage, { sudo: true, timeout: 120_000 });
  assert.equal(made.exitCode, 0, made.stderr);
  await expect(web).toHaveChangedOnly({ packages: ['shop'] });
  await expect(web).toHaveChangedOnly({ packages: [/^shop$/], files: ['/etc/**'] }, baseline);
  await expect(web.package('shop')).toHaveVersion('1.2-3');
  await fails(expect(web.package('shop')).not.toBeInstalled(once), /got: +version 1\.2-3/);
  await fails(
    expect(web).toHaveChangedOnly({}),
    /package shop 1\.2-3[\s\S]*\+ \/etc\/shop\.conf[\s\S]*\+ \/usr\/share\/shop/,
  );
  await guest.exec('chmod 600 /etc/motd; echo more >> /etc/hosts; rm /etc/issue.net', { sudo: true });
  await fails(
    expect(web).toHaveChangedOnly({ packages: ['shop'] }),
    /changes of 3 files besides[\s\S]*~ \/etc\/hosts \(content\)\n.*- \/etc\/issue\.net\n.*~ \/etc\/motd \(mode 0644 → 0600\)/,
  );
  await expect(web).toHaveChangedOnly({ packages: ['shop'], files: ['/etc/hosts', '/etc/issue*', '/etc/m?td'] });
  return took;
}

const installPackage = `set -e
rm -rf /tmp/shop; mkdir -p /tmp/shop/DEBIAN /tmp/shop/etc /tmp/shop/usr/share/shop
echo 'open=yes' > /tmp/shop/etc/shop.conf
echo /etc/shop.conf > /tmp/shop/DEBIAN/conffiles
echo page > /tmp/shop/usr/share/shop/page
printf 'Package: shop\\nVersion: 1.2-3\\nArchitecture: all\\nMaintainer: none <none@example.org>\\nDescription: a shop\\n' > /tmp/shop/DEBIAN/control
dpkg-deb --root-owner-group -b /tmp/shop /tmp/shop.deb
dpkg -i /tmp/shop.deb`;

async function fails(expectation: Promise<void>, message: RegExp): Promise<void> {
  await assert.rejects(expectation, (error: unknown) => {
    assert.ok(error instanceof ExpectationError, String(error));
    assert.match(error.message, message);
    return true;
  });
}
