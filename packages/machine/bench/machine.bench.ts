import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostPlatform } from '@goqemu/core';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { findQemu, launchMachine, machineArguments, parseMachineConfig, probeMachine } from '../src/index.ts';
import { unixSockets } from '../src/sockets/machine-sockets.ts';

/**
 * From the call to the first answer on the monitor, against the bare process with the same arguments: spawn, connect
 * in a loop, negotiate. Both in turn in the same run, so that the host's load falls on both; medians.
 */
export default async function machineBench(report: BenchReport, options: { quick: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-bench-'));
  try {
    const installation = await findQemu({ arch: 'x86_64', cacheFolder: folder });
    const rounds = options.quick ? 15 : 60;
    const bare: number[] = [];
    const launched: number[] = [];
    const probed: number[] = [];
    for (let round = -2; round < rounds; round++) {
      const runtimeFolder = join(folder, 'run');
      const config = { accelerator: 'tcg' as const, memory: '512 MiB' as const, runtimeFolder, guestAgent: true };
      const one = await bareStart(config, installation, folder);
      const start = performance.now();
      const machine = await launchMachine(config, { installation });
      const two = performance.now() - start;
      const look = performance.now();
      await probeMachine(machine.record);
      const three = performance.now() - look;
      await machine.kill();
      if (round < 0) continue; // warm caches are what is compared
      bare.push(one);
      launched.push(two);
      probed.push(three);
    }
    const baseline = median(bare);
    const value = median(launched);
    report({ name: 'spawn to QMP-ready', value, unit: 'ms', baseline, ratio: value / baseline, aim: '≤ 1.15' });
    report({ name: 'probe of a running machine', value: median(probed), unit: 'ms' });
    report({ name: 'findQemu, cached', value: await findCached(folder), unit: 'ms' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bareStart(
  config: Parameters<typeof parseMachineConfig>[0] & { runtimeFolder: string },
  installation: Awaited<ReturnType<typeof findQemu>>,
  folder: string,
): Promise<number> {
  const sockets = unixSockets(folder, { agent: true, standby: false, console: true }, hostPlatform());
  const { runtimeFolder } = config;
  const resolved = { ...parseMachineConfig(config), accelerator: 'tcg' as const, runtimeFolder, sockets };
  const argv = machineArguments(resolved, installation, hostPlatform());
  const start = performance.now();
  const child = spawn(installation.systemPath, argv, { stdio: 'ignore', detached: true });
  const exited = once(child, 'exit');
  await negotiated(join(folder, 'c'));
  const elapsed = performance.now() - start;
  child.kill('SIGKILL');
  await exited;
  for (const name of ['c', 'r', 't', 'a', 's']) await rm(join(folder, name), { force: true });
  return elapsed;
}

/** The least that a client can do: connect until it works, send one line, wait for its answer. */
async function negotiated(path: string): Promise<void> {
  for (;;) {
    const done = await new Promise<boolean>((resolve) => {
      const socket = connect(path);
      let text = '';
      socket.once('connect', () => socket.write('{"execute":"qmp_capabilities"}\n'));
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (!text.includes('"return"')) return;
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (done) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function findCached(cacheFolder: string): Promise<number> {
  const start = performance.now();
  await findQemu({ arch: 'x86_64', cacheFolder });
  return performance.now() - start;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
