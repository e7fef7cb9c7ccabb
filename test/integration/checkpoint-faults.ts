/**
 * Does all that can be done to a machine while the host fails on the way, and then continues as a user does:
 * `checkpoint-faults.ts FOLDER WORK`. The work is one fault at every stage of every verb – `kill` (of goqemu), `stop`
 * (of QEMU), `full`, `read-only`, `eio` (of goqemu's own writes), `device` (the same for QEMU too) – or
 * `few` of them all, or those of one verb, as `eio:restore`, or one, as `eio:restore:2`.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asGoqemuError } from '@goqemu/core';
import { deleteVm, startVm } from '@goqemu/vm';
import { CheckpointLab, inGuest, keyOf, qemusOf } from './checkpoint-lab.ts';
import { type VerbName as AnyVerb, Stages, verbs } from './checkpoint-verbs.ts';
import { failingDevice, failingFileSystem, fullDisk, type HostFault, readOnlyDisk } from './host-faults.ts';

/** A suspension is interrupted by `checkpoints-killed.test.ts`: it ends the machine that these leave running. */
type VerbName = Exclude<AnyVerb, 'suspend' | 'resume'>;

const [place = '', work = ''] = process.argv.slice(2);
await using device = work.startsWith('device') ? await failingFileSystem(place) : undefined;
const folder = join(place, device ? 'disk/home' : 'home'); // the mount itself cannot be removed
await mkdir(folder);
const worker = fileURLToPath(new URL('checkpoint-work.ts', import.meta.url));
const few = [
  ['kill', 'fork', 5],
  ['full', 'coalesce', 2],
  ['read-only', 'create', 1],
  ['eio', 'cut', 9],
] as const;
const stages = new Stages();
await using lab = await CheckpointLab.open({ folder, logger: stages });

const faults: Readonly<Record<string, HostFault>> = {
  kill: { begin: () => undefined, end: () => undefined }, // the process that does it, as a user's is
  full: fullDisk(place),
  'read-only': readOnlyDisk(folder),
  eio: await failingDevice(folder),
  ...(device ? { device } : {}),
  stop: {
    begin: () => {
      for (const pid of qemusOf(lab)) process.kill(pid, 'SIGSTOP');
    },
    end: () => undefined,
  },
};

/** What a user does next: the machine is started, whatever state it was left in. */
async function started(work: (machine: Awaited<ReturnType<typeof startVm>>) => Promise<void>): Promise<void> {
  const { vm, session } = await lab.vm('web');
  const machine = await startVm(vm, session, lab.call);
  try {
    await work(machine);
  } finally {
    await machine.close();
  }
}

const contents = (machine: Parameters<typeof inGuest>[0]) =>
  inGuest(machine, 'cat /root/file; cat /dev/shm/file 2> /dev/null || true');

/** The layer that a verb works on, or makes. */
const subjects: Readonly<Record<VerbName, string>> = {
  create: 'new',
  cut: 'cut',
  restore: 'base',
  fork: 'base',
  flatten: 'upper',
  coalesce: 'middle',
  delete: 'base',
};

async function prepared(verb: VerbName): Promise<void> {
  const machine = await lab.restore('base');
  if (verb === 'flatten' || verb === 'coalesce')
    for (const [index, key] of ['middle', 'upper'].entries()) {
      await inGuest(machine, `echo ${key} > /root/${key}`);
      await lab.cut(key, machine, { parent: keyOf(index === 0 ? 'base' : 'middle') });
    }
  await inGuest(machine, 'echo old > /root/file; sync; echo old > /dev/shm/file');
  await machine.close();
}

/** @returns whether the stage was reached */
async function befallen(name: string, verb: VerbName, line: number): Promise<boolean> {
  await prepared(verb);
  const begun = performance.now();
  const { stage, ended } = await (name === 'kill' ? killed(verb, line) : failed(faults[name] as HostFault, verb, line));
  const tookMs = Math.round(performance.now() - begun);
  const about = `${name} at "${stage}" of ${verb} (${tookMs} ms): ${ended}`;
  process.stdout.write(`${about}\n`);
  if (!stage) {
    await cleared(verb, about); // it was done without a fault
    return false;
  }
  await started(async (machine) => {
    const found = await contents(machine);
    const allowed = [
      ...(name === 'stop' ? ['old'] : []),
      'old\nold',
      ...(verb === 'restore' ? ['base\nbase', ...(name === 'stop' ? ['base'] : [])] : []),
    ];
    assert.ok(allowed.includes(found), `${about}: the guest has ${JSON.stringify(found)}`);
  });
  for (const layer of await lab.host.layers.list()) await lab.host.layers.check(layer);
  if (ended !== 'done') await verbs[verb](lab, subjects[verb]);
  await cleared(verb, about);
  return true;
}

async function failed(fault: HostFault, verb: VerbName, line: number) {
  let stage = '';
  stages.after(line, (reached) => {
    stage = reached;
    fault.begin();
  });
  try {
    const ended = await verbs[verb](lab, subjects[verb]).then(() => 'done', outcomeOf);
    return { stage, ended };
  } finally {
    stages.after(0, () => undefined);
    if (stage) fault.end(); // also after a defect: the lab is removed
  }
}

async function killed(verb: VerbName, line: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', worker, folder, verb, subjects[verb], String(line)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stage = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stage += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) assert.equal(signal, 'SIGKILL', `${verb} ended with ${code}`);
  return { stage, ended: code === 0 ? 'done' : 'killed' };
}

/** What was made is whole, and goes. */
async function cleared(verb: VerbName, about: string): Promise<void> {
  if (verb === 'cut') {
    const machine = await lab.restore('cut');
    assert.match(await contents(machine), /^old/, about);
    await machine.close();
  }
  if (verb === 'create' || verb === 'fork') {
    const { vm } = await lab.vm(verb === 'fork' ? 'fork' : 'new');
    assert.ok((await vm.state()).disk, about);
    await deleteVm(vm, lab.call);
  }
  assert.equal(qemusOf(lab).length, 1, `${about}: a QEMU is left`);
  if (verb === 'flatten' || verb === 'coalesce') {
    const machine = await lab.restore('upper');
    assert.equal(await inGuest(machine, 'cat /root/middle /root/upper'), 'middle\nupper', about);
    await machine.close();
  }
  await (await lab.restore('base')).close();
  await lab.collect(['base']);
}

/** An error of the host or of QEMU, in the words that goqemu reports it with; a defect is thrown. */
function outcomeOf(error: unknown): string {
  const { code, source, message } = asGoqemuError(error);
  if (source === 'internal') throw error;
  return `${code}: ${message}`;
}

const machine = await lab.boot();
await inGuest(machine, 'echo base > /root/file; echo base > /dev/shm/file');
await lab.cut('base', machine);
await machine.close();
const [one = '', verb, line] = work.split(':');
if (work === 'few')
  for (const [fault, verb, line] of few) assert.ok(await befallen(fault, verb, line), `${verb} has no stage ${line}`);
else if (line !== undefined) assert.ok(await befallen(one, verb as VerbName, Number(line)));
else {
  const all = ['create', 'cut', 'restore', 'fork', 'flatten', 'coalesce'] as const;
  for (const each of verb === undefined ? all : [verb as VerbName])
    for (let line = 1; await befallen(one, each, line); line++);
}
process.stdout.write('all is well\n');
