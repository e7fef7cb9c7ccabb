/**
 * Takes a checkpoint in a home that has too little room for it, and tells how that ended: `checkpoint-on-full.ts
 * FOLDER WORK`. `refused` looks at the room as goqemu does; `filled` and `memory` are made to believe that there is plenty, as where others
 * take it in the same moment.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isGoqemuError } from '@goqemu/core';
import { CheckpointLab, inGuest, keyOf } from './checkpoint-lab.ts';

const [place = '', work] = process.argv.slice(2);
const folder = join(place, 'home'); // the mount itself cannot be removed
await mkdir(folder);
await using lab = await CheckpointLab.open({ folder });
const machine = await lab.boot();
await inGuest(machine, 'echo kept > /root/file; head -c 64000000 /dev/urandom > /dev/shm/much');
const plenty = await lab.as({ room: { disk: async () => 2 ** 40 } });
const store = work === 'memory' ? 'memory' : 'disk';
const cutter = work === 'refused' ? lab : plenty;
const ended = await cutter.cut('one', machine, { store }).then(
  () => 'it was made',
  (error: unknown) => {
    if (!isGoqemuError(error)) throw error;
    return `${error.code}: ${error.message}; ${error.hint}`;
  },
);
if ((await machine.status()) !== 'running') throw new Error(`the machine is ${await machine.status()} after ${ended}`);
if (await lab.host.layers.find(keyOf('one'))) throw new Error('there is a layer');
const left = (await readdir(lab.host.layers.folderOf(keyOf('one')))).filter((name) => !name.startsWith('disk-'));
if (left.length > 0) throw new Error(`it left ${left}`);
if ((await inGuest(machine, 'cat /root/file; sha256sum < /dev/shm/much | wc -c')) !== 'kept\n68')
  throw new Error('the guest has lost something');
await inGuest(machine, 'echo more >> /root/file; sync');
await machine.close();
process.stdout.write(
  work === 'refused' ? `${ended}; the machine runs\n` : `${ended} – the machine runs and is whole\n`,
);
