/**
 * The command line as bin/goqemu.js runs it, on machines that are kept in a file: the fake backend behind the real
 * process, so that terminals, signals and exit codes are the real ones.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hostPlatform } from '@goqemu/core';
import { FakeHost } from '@goqemu/testing';
import { FakeHostBackend } from '../../packages/goqemu/src/host/fixture/fake-host-backend.ts';
import { listenForInterrupts } from '../../packages/goqemu/src/shell/interrupts.ts';
import { runCommandLine } from '../../packages/goqemu/src/shell/run-command-line.ts';

const file = process.env.FAKE_HOST ?? 'fake-host.json';
const stepMs = Number(process.env.FAKE_STEP_MS ?? 0);
const host = new FakeHost();
restore();

const { interrupt, kill } = listenForInterrupts();
process.exitCode = await runCommandLine({
  argv: process.argv.slice(2),
  platform: hostPlatform(),
  workingFolder: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt,
  kill,
  createBackend: async () =>
    new FakeHostBackend({
      host,
      fault: ({ verb }, moment) =>
        verb === 'runStep' && moment === 'middle' ? new Promise((resolve) => setTimeout(resolve, stepMs)) : undefined,
    }),
});
writeFileSync(file, JSON.stringify({ machines: [...host.machines], layers: [...host.layers] }));

function restore(): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return; // the first command of a test
  }
  const { machines, layers } = JSON.parse(text) as { machines: [string, never][]; layers: [string, never][] };
  for (const [name, machine] of machines) host.machines.set(name, machine);
  for (const [key, layer] of layers) host.layers.set(key, layer);
}
