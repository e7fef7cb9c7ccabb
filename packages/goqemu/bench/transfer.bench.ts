/**
 * Bytes through the SSH of a Debian 12 guest, beside what OpenSSH's own programs move to and from the same guest in
 * the same run, in turn. The guest's sshd does most of the work, without acceleration: the ratios are what counts.
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { hostPlatform } from '@goqemu/core';
import { createVmHost } from '@goqemu/vm';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { createVM } from '../src/sdk/vm/open-vm.ts';
import type { QemuVM } from '../src/sdk/vm/qemu-vm.ts';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));

export default async function transfer(report: BenchReport, { quick }: { readonly quick: boolean }) {
  const bytes = (quick ? 16 : 64) * 2 ** 20;
  const folder = await mkdtemp(join(cache, 'bench-'));
  try {
    const images = createVmHost({
      platform: { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: join(cache, 'e2e/home') } },
    }).images;
    const image = (await images.ensure('debian-12', { arch: 'x86_64' })).path;
    const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: folder } };
    await using vm = await createVM({ image, memory: '1 GiB', network: 'user', user: 'debian' }, { platform });
    await vm.start();
    const local = join(folder, 'file');
    await writeFile(local, '');
    await (
      await open(local, 'r+').then(async (file) => {
        await file.truncate(bytes);
        return file;
      })
    ).close();
    const ssh = await sshWords(vm, folder);
    await measure(report, bytes, quick ? 2 : 3, [
      {
        name: 'upload of a file',
        ours: () => vm.upload(local, '/dev/shm/up'),
        theirs: () => run('ssh', [...ssh, 'cat > /dev/shm/up'], local),
      },
      {
        name: 'download of a file',
        ours: () => vm.download('/dev/shm/up', join(folder, 'down')),
        theirs: () => run('ssh', [...ssh, 'cat /dev/shm/up']),
      },
      {
        name: 'output of a command',
        ours: async () => {
          for await (const _ of vm.streamCommand('cat /dev/shm/up'));
        },
        theirs: () => run('ssh', [...ssh, 'cat /dev/shm/up']),
      },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Contest {
  readonly name: string;
  readonly ours: () => Promise<void>;
  readonly theirs: () => Promise<void>;
}

/** In turn, so that the host's load falls on both; the best of each, which other work on the host disturbed least. */
async function measure(report: BenchReport, bytes: number, turns: number, contests: readonly Contest[]) {
  for (const { name, ours, theirs } of contests) {
    let value = Number.POSITIVE_INFINITY;
    let baseline = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < turns; turn++) {
      value = Math.min(value, await timed(ours));
      baseline = Math.min(baseline, await timed(theirs));
    }
    report({ name: `${name}, ${bytes / 2 ** 20} MiB`, value, unit: 's', baseline });
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function sshWords(vm: QemuVM, folder: string): Promise<string[]> {
  const { host, port, user, identityFile, hostKey } = await vm.sshEndpoint();
  const known = join(folder, 'known_hosts');
  await writeFile(known, `[${host}]:${port} ${hostKey}\n`);
  const options = [`UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes', 'BatchMode=yes'];
  const words = options.flatMap((option) => ['-o', option]);
  return ['-F', 'none', ...words, '-i', identityFile, '-p', String(port), `${user}@${host}`];
}

async function run(program: string, words: readonly string[], input?: string): Promise<void> {
  const child = spawn(program, words, { stdio: [input ? 'pipe' : 'ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdout?.resume();
  if (input && child.stdin) await pipeline(createReadStream(input), child.stdin);
  if ((await ended) !== 0) throw new Error(`${program} failed`);
}
