import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitAtOptions, splitWindowsCommandLine } from '../process/command-line.ts';
import { readArguments } from './arguments-of-process.ts';

test('a QEMU that somebody else started is met at its own monitor', () => {
  const found = readArguments([
    '/usr/bin/qemu-system-x86_64',
    '-machine',
    'pc',
    '-qmp',
    'unix:/run/a,,b,server,nowait',
  ]);
  assert.deepEqual(found?.sockets.control, { kind: 'unix', path: '/run/a,b' });
  assert.equal(found?.accelerator, 'unknown');
  const chardev = readArguments(['q', '-chardev', 'socket,id=mon0,path=/run/m', '-mon', 'chardev=mon0,mode=control']);
  assert.deepEqual(chardev?.sockets.tools, { kind: 'unix', path: '/run/m' });
  const agent = [
    '-chardev',
    'socket,id=mine,path=/run/g',
    '-device',
    'virtserialport,chardev=mine,name=org.qemu.guest_agent.0',
  ];
  const monitor = ['-qmp', 'unix:/run/m'];
  assert.deepEqual(readArguments(['q', ...monitor, ...agent])?.sockets.agent, { kind: 'unix', path: '/run/g' });
  assert.equal(readArguments(['q', ...monitor, ...agent.slice(2)])?.sockets.agent, undefined);
  assert.equal(readArguments(['q', '-mon', 'chardev=x,mode=readline']), undefined);
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

test('on Windows the monitor is a loopback port with a key', () => {
  const found = readArguments([
    'q.exe',
    '-object',
    '{"qom-type":"tls-creds-psk","id":"monitor-tls","endpoint":"server","dir":"C:\\\\keys"}',
    '-chardev',
    'socket,id=control,host=127.0.0.1,port=4444,server=on,wait=off,tls-creds=monitor-tls',
  ]);
  assert.deepEqual(found?.sockets.control, { kind: 'tls-psk', host: '127.0.0.1', port: 4444, keyFolder: 'C:\\keys' });
});
