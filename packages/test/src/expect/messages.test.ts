import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, scriptedGuest } from '../fixture/scripted-guest.fixture.ts';
import type { MachineProbes } from '../probes/machine-probes.ts';
import { probesOf } from '../probes/probes-of.ts';
import { expect } from './expect.ts';

/** Written again with GOQEMU_WRITE_SNAPSHOTS=1. */
const snapshots = fileURLToPath(new URL('messages.expected.txt', import.meta.url));

type Row = readonly [text: string, ...answers: Answer[]];
const failedUnit = 'LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nUnitFileState=disabled\n';
const status = `× nginx.service - A high performance web server
     Loaded: loaded (/lib/systemd/system/nginx.service; disabled)
     Active: failed (Result: exit-code) since Sun 2026-11-29 20:00:00 UTC
Nov 29 20:00:00 web nginx[512]: \u001b[31m[emerg]\u001b[0m unknown directive "sever" in /etc/nginx/nginx.conf:3`;
const answer = (head: string, body: string) => `curl\nHTTP/1.1 ${head}\r\nContent-Type: text/plain\r\n\r\n${body}`;
const hostile = `\u001b]0;title\u0007rm \u202e-rf\r${'x'.repeat(250)}\n`.repeat(60);
const changed = `before\t/etc/motd\t1
now\t/etc/motd\t2
package\tcurl:amd64\t7.88.1-10\t7.88.1-11
package\tvim:amd64\t2:9.0\t
created\t/usr/bin/new tool\t\tf 755 0 0 12
touched\t/etc/motd\tf 644 0 0 5\tf 600 0 0 5\t\t\t1.0 1.0 1\t2.0 2.0 1
touched\t/etc\td 755 0 0 4096\td 755 0 0 4096\t\t\t1.0 1.0 1\t2.0 2.0 1
removed\t/opt/gone\tf 644 0 0 5
end
`;

const cases: Readonly<Record<string, readonly [rows: readonly Row[], ask: (web: MachineProbes) => Promise<void>]>> = {
  'a unit that failed': [
    [
      ['systemctl show', failedUnit],
      ['systemctl status', status],
    ],
    (web) => expect(web.unit('nginx')).toBeActive(),
  ],
  'a unit that is not there': [
    [
      ['systemctl show', 'LoadState=not-found\nActiveState=inactive\nSubState=dead\n'],
      ['systemctl status', 'Unit nginx.service could not be found.'],
    ],
    (web) => expect(web.unit('nginx')).toBeEnabled(),
  ],
  'a unit that should not be': [
    [
      ['systemctl show', failedUnit],
      ['systemctl status', status],
    ],
    (web) => expect(web.unit('nginx')).not.toBeFailed(),
  ],
  'a port': [
    [
      ['/proc/net', ''],
      ['ss -lnp', 'State  Local Address:Port Process\nLISTEN 0.0.0.0:22 users:(("sshd",pid=1,fd=3))'],
    ],
    (web) => expect(web.port(80)).toBeListening(),
  ],
  'a port from another machine': [
    [
      ['connected', 'connected 1\nreason Connection refused\n'],
      ['/proc/net', '0: 0100007F:0050 00000000:0000 0A\n'],
    ],
    (web) => expect(web.port(80)).toBeReachableFrom(web),
  ],
  'a status': [
    [['curl', answer('502 Bad Gateway', '<h1>502</h1>\nnginx\n')]],
    (web) => expect(web.http('http://db:8080/health')).toHaveStatus(200),
  ],
  'a body': [
    [['curl', answer('200 OK', '{\n  "state": "starting",\n  "since": 3\n}\n')]],
    (web) => expect(web.http('http://db:8080/health')).toHaveBody('{\n  "state": "ready",\n  "since": 3\n}'),
  ],
  'a header': [
    [['curl', answer('200 OK', '')]],
    (web) => expect(web.http('http://db')).toHaveHeader('content-type', /json/),
  ],
  'no answer': [
    [['curl', { stdout: 'curl\n', stderr: 'curl: (7) Failed to connect to db port 8080: Connection refused\n' }]],
    (web) => expect(web.http('http://db:8080/health')).not.toHaveStatus(500),
  ],
  'a file that is not there': [
    [
      ['ls -A', '/etc/nginx\nconf.d\nnginx.conf\n'],
      ['stat -L', ''],
    ],
    (web) => expect(web.file('/etc/nginx/sites/shop')).toExist(),
  ],
  'a content': [
    [['stat -L', 'stat 644 root root 0 0 20 regular file\ncontent follows\n\nuser www;\nworkers 2;\n']],
    (web) => expect(web.file('/etc/nginx/nginx.conf')).toHaveContent('user www;\nworkers 4;\n'),
  ],
  'a mode': [
    [['stat -L', 'stat 644 root root 0 0 20 regular file\n']],
    (web) => expect(web.file('/etc/shadow')).toHaveMode('0640'),
  ],
  'a process': [
    [
      ['short=', ''],
      ['args=', '1 systemd\n200 sshd\n201 sshd\n'],
    ],
    (web) => expect(web.process('nginx')).toBeRunning(),
  ],
  'a package': [
    [['dpkg-query', 'installed 1.22.1-9\n']],
    (web) => expect(web.package('nginx')).toHaveVersion(/^1\.24/),
  ],
  'a user': [[['id -u', 'id 1000\ngroups debian sudo\n']], (web) => expect(web.user('debian')).toBeInGroup('docker')],
  'a journal': [
    [['journalctl', 'Nov 29 20:00:00 web nginx[512]: bind() to 0.0.0.0:80 failed\n']],
    (web) => expect(web.journal({ unit: 'nginx' })).toHaveNoErrorsSince({ cursor: 's=1;i=2' }),
  ],
  'a command': [
    [['make check', { stdout: '3 passed\n', stderr: '1 failed\n', exitCode: 2 }]],
    (web) => expect(web.command('make check')).toSucceed(),
  ],
  'an output': [[['hostname', 'db\n']], (web) => expect(web.command(['hostname'])).toPrint('web')],
  'a mount': [
    [['mounts', '/dev/vda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/vdb1 /srv/a\\040b xfs rw 0 0\n']],
    (web) => expect(web.mount('/srv/data')).toBeMounted(),
  ],
  'a service': [
    [
      ['code=$?', 'manager openrc\ncode 3\n\n * status: stopped\n'],
      ['rc-status', ' * status: stopped\n'],
    ],
    (web) => expect(web.service('nginx')).toBeRunning(),
  ],
  changes: [
    [
      ['comparison', ''],
      ['packages-now', changed],
    ],
    (web) =>
      expect(web).toHaveChangedOnly({ packages: [/^vim/], files: ['/opt/**'] }, {
        folder: '/var/tmp/goqemu-baseline.a',
      } as never),
  ],
  'a guest whose output is hostile': [
    [['run', { stdout: hostile, exitCode: 1 }]],
    (web) => expect(web.command('run')).toPrint('a\u001b[2Jb'),
  ],
};

test('the messages of failures show what was expected, what was found, and the lines that matter', async () => {
  const messages: string[] = [];
  for (const [name, [rows, ask]] of Object.entries(cases)) {
    const web = probesOf(scriptedGuest(rows), { name: 'web', timeout: '60 s', interval: '60 s' });
    const error = await ask(web).then(
      () => assert.fail(`${name} did not fail`),
      (caught: Error) => caught,
    );
    messages.push(`== ${name}\n${error.message.replace(/^waited: .*$/m, 'waited:   (a while), asked once')}\n`);
  }
  const text = messages.join('\n');
  if (process.env.GOQEMU_WRITE_SNAPSHOTS) writeFileSync(snapshots, text);
  assert.equal(text, readFileSync(snapshots, 'utf8'));
  assert.doesNotMatch(text, /[\p{Cc}\p{Cf}](?<!\n)/u);
  for (const message of messages) assert.ok(message.length < 6_000, 'a message is bounded');
});
