import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownRuntimeFolder } from './own-runtime-folder.ts';

const monitors = ['control', 'readers', 'tools'];

function unix(folder: string): string[] {
  return monitors.flatMap((id) => ['-chardev', `socket,id=${id},path=${folder}/${id[0]},server=on,wait=off`]);
}

test('a QEMU of goqemu’s own is known by its three monitors, not by a text among its arguments', async () => {
  assert.equal(await ownRuntimeFolder(['qemu', ...unix('/run/goqemu/0123456789ab')]), '/run/goqemu/0123456789ab');
  const object = ['-object', '{"qom-type":"tls-creds-psk","id":"tls","endpoint":"server","dir":"C:\\\\run\\\\ab"}'];
  const tcp = monitors.flatMap((id) => ['-chardev', `socket,id=${id},host=127.0.0.1,port=1,server=on,tls-creds=tls`]);
  assert.equal(await ownRuntimeFolder(['qemu.exe', ...object, ...tcp]), 'C:\\run\\ab');
  for (const theirs of [
    ['-serial', 'unix:/run/goqemu/0123456789ab/s'],
    ['-qmp', 'unix:/run/goqemu/0123456789ab/c,server=on'],
    ['-drive', 'file=/home/me/0123456789ab/disk.qcow2'],
    unix('/run/goqemu/0123456789ab').slice(0, 4),
  ])
    assert.equal(await ownRuntimeFolder(['qemu', ...theirs]), undefined, theirs.join(' '));
});
