import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitAtOptions, splitWindowsCommandLine } from '../process/command-line.ts';
import { foundMachine } from './found-machine.ts';
import { qemuOptions } from './qemu-options.ts';

/** What is found in arguments, with the text of the one `-readconfig` file. */
async function found(words: readonly string[], configuration = '') {
  return foundMachine(await qemuOptions(['qemu-system-x86_64', ...words], async () => configuration));
}

test('each form that a monitor on a socket is written in is found', async () => {
  const chardev = ['-chardev', 'socket,id=mon0,path=/run/a,,b,server=on,wait=off'];
  for (const words of [
    ['-qmp', 'unix:/run/a,,b,server,nowait'],
    ['-qmp-pretty', 'unix:/run/a,,b,server=on,wait=off'],
    ['--qmp', 'unix:/run/a,,b,server=on,wait=off,pretty=on'],
    [...chardev, '-mon', 'chardev=mon0,mode=control,pretty=on'],
    [...chardev, '-mon', 'mon0,mode=control'],
    ['-mon', 'mode=control,chardev=mon0', ...chardev],
    [...chardev, '-qmp', 'chardev:mon0'],
    ['-chardev', 'backend=socket,id=mon0,path=/run/a,,b,server=yes', '-mon', 'chardev=mon0,mode=control'],
  ])
    assert.deepEqual((await found(words)).monitors, [{ kind: 'unix', path: '/run/a,b' }], words.join(' '));
  const inherited = ['-chardev', 'socket,id=m,fd=25,server=on,wait=off', '-mon', 'chardev=m,mode=control'];
  assert.deepEqual((await found(inherited)).monitors, [{ kind: 'inherited', fd: 25 }]);
});

test('a monitor, its chardev and the agent are found in a -readconfig file', async () => {
  const text = `# QEMU
[chardev "monitor"]
  backend = "socket"
  path = "/run/m"
  server = "on"

[mon]
  chardev = "monitor"
  mode = "control"

[chardev "qga"]
  backend = "socket"
  path = "/run/g"
  server = "on"

[device "agent"]
  driver = "virtserialport"
  name = "org.qemu.guest_agent.0"
  chardev = "qga"
`;
  const { monitors, agent } = await found(['-readconfig', '/etc/q.conf'], text);
  assert.deepEqual([monitors, agent], [[{ kind: 'unix', path: '/run/m' }], { kind: 'unix', path: '/run/g' }]);
});

test('a monitor that cannot be reached says why', async () => {
  const why = async (...words: string[]) => {
    const [monitor] = (await found(words)).monitors;
    return monitor?.kind === 'unreachable' ? monitor.why : undefined;
  };
  assert.match((await why('-qmp', 'unix:/run/m')) ?? '', /a client: it connects to \/run\/m and does not listen/);
  assert.match((await why('-qmp', 'tcp:localhost:4444,server=on')) ?? '', /localhost:4444 without a pre-shared key/);
  assert.match((await why('-qmp', 'stdio')) ?? '', /on "stdio"/);
  assert.match(
    (await why('-mon', 'chardev=x,mode=control')) ?? '',
    /the chardev "x", which its arguments do not describe/,
  );
  assert.match((await why('-chardev', 'pty,id=p', '-mon', 'p,mode=control')) ?? '', /a chardev of the kind "pty"/);
  const abstract = 'socket,id=a,path=x,abstract=on,server=on';
  assert.match((await why('-chardev', abstract, '-mon', 'a,mode=control')) ?? '', /the abstract socket "x"/);
  assert.deepEqual((await found(['-mon', 'chardev=x,mode=readline'])).monitors, []);
});

test('the agent is found behind a device as text, as JSON and as JSON in single quotes', async () => {
  const chardev = ['-chardev', 'socket,id=mine,path=/run/g,server=on', '-device'];
  for (const device of [
    'virtserialport,chardev=mine,name=org.qemu.guest_agent.0',
    '{"driver":"virtserialport","chardev":"mine","name":"org.qemu.guest_agent.0"}',
    "{'driver':'virtserialport','chardev':'mine','name':'org.qemu.guest_agent.0'}",
  ])
    assert.deepEqual((await found([...chardev, device])).agent, { kind: 'unix', path: '/run/g' }, device);
  assert.equal((await found([...chardev, '{"driver":"virtserialport","name":"or'])).agent, undefined);
});

test('the accelerator is reported where the arguments leave no choice', async () => {
  const accelerator = async (...words: string[]) => (await found(words)).accelerator;
  assert.equal(await accelerator('-accel', 'tcg,thread=multi'), 'tcg');
  assert.equal(await accelerator('-accel', 'accel=kvm'), 'kvm');
  assert.equal(await accelerator('-machine', 'type=pc,accel=kvm'), 'kvm');
  assert.equal(await accelerator('-enable-kvm'), 'kvm');
  assert.equal(await accelerator('-accel', 'kvm', '-accel', 'tcg'), 'unknown');
  assert.equal(await accelerator('-machine', 'pc,accel=kvm:tcg'), 'unknown');
});

test('arguments are read from the one line that ps gives, blanks in values kept', () => {
  const line = 'qemu-system-aarch64 -name guest=my vm -chardev socket,id=control,path=/Users/a b/c -S';
  assert.deepEqual(splitAtOptions(line), [
    'qemu-system-aarch64',
    '-name',
    'guest=my vm',
    '-chardev',
    'socket,id=control,path=/Users/a b/c',
    '-S',
  ]);
});

test('arguments are read from a command line of Windows by its rules of quoting', () => {
  assert.deepEqual(
    splitWindowsCommandLine('"C:\\Program Files\\qemu\\q.exe" -device "{\\"driver\\":\\"a\\"}" C:\\x\\ "" "a\\\\"'),
    ['C:\\Program Files\\qemu\\q.exe', '-device', '{"driver":"a"}', 'C:\\x\\', '', 'a\\'],
  );
});

test('a monitor on a loopback port is reached with the key that its chardev names', async () => {
  const json = '{"qom-type":"tls-creds-psk","id":"monitor-tls","endpoint":"server","dir":"C:\\\\keys"}';
  for (const object of [json, 'tls-creds-psk,id=monitor-tls,dir=C:\\keys,endpoint=server']) {
    const chardev = 'socket,id=control,host=127.0.0.1,port=4444,server=on,wait=off,tls-creds=monitor-tls';
    const other = 'tls-creds-psk,id=other,dir=D:\\other';
    const { named } = await found(['-object', other, '-object', object, '-chardev', chardev]);
    const expected = { kind: 'tls-psk', host: '127.0.0.1', port: 4444, keyFolder: 'C:\\keys' };
    assert.deepEqual(named.control, expected, object);
  }
});
