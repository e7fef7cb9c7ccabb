import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostProcessTable, isAlive, withDeadline } from '@goqemu/core';
import { temporaryFolder } from '../fixture/test-machine.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { untilEnded } from './process-end.ts';

const launch = join(import.meta.dirname, '../launch/launch-machine.ts');

/** A process that launches a machine, prints its record and waits to be killed. */
async function launchElsewhere(runtimeFolder: string, ownerDies: boolean) {
  const config = { accelerator: 'tcg', memory: '64 MiB', runtimeFolder, ownerDies };
  const program = `
    const { launchMachine } = await import(${JSON.stringify(launch)});
    const machine = await launchMachine(${JSON.stringify(config)});
    process.stdout.write(JSON.stringify(machine.record) + '\\n');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  await withDeadline('starting a machine elsewhere', 20_000, undefined, async () => {
    while (!text.includes('\n')) await once(child.stdout, 'data');
  });
  return { child, record: JSON.parse(text) as MachineRecord };
}

test('a machine outlives the process that launched it, killed or not', async (t) => {
  const { child, record } = await launchElsewhere(join(await temporaryFolder(t), 'run'), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await isAlive(record), true);
  process.kill(record.pid, 'SIGKILL');
  await untilEnded(record, hostProcessTable(), undefined);
});

test('an owned machine ends when the process that launched it is killed', async (t) => {
  const { child, record } = await launchElsewhere(join(await temporaryFolder(t), 'run'), true);
  assert.equal(await isAlive(record), true);
  child.kill('SIGKILL');
  await withDeadline('ending the owned machine', 10_000, undefined, (signal) =>
    untilEnded(record, hostProcessTable(), signal),
  );
});
