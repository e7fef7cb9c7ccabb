import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache/e2e', import.meta.url));
const worker = fileURLToPath(new URL('checkpoint-on-full.ts', import.meta.url));

/** A process whose home, and whose /dev/shm, are file systems that are soon full: mounts of its own (unshare(1)). */
async function onSmallFileSystems(work: string, home: string, memory: string): Promise<string> {
  const folder = await mkdtemp(join(cache, 'full-'));
  try {
    const mounts = `mount -t tmpfs -o size=${home} none "$1" && mount -t tmpfs -o size=${memory} none /dev/shm`;
    const script = `${mounts} && exec "$2" --import tsx "$3" "$1" "$4"`;
    const child = spawn(
      'unshare',
      [process.getuid?.() === 0 ? '-m' : '-rm', 'sh', '-c', script, 'sh', folder, process.execPath, worker, work],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, said);
    return said;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('a checkpoint that a disk has no room for is refused before the machine stops', async () => {
  assert.match(await onSmallFileSystems('refused', '48m', '512m'), /no-room: .*nothing was stopped.*the machine runs/);
});

test('a disk that fills up in the middle of the cut costs the checkpoint, and the machine goes on', async () => {
  assert.match(await onSmallFileSystems('filled', '48m', '512m'), /no-room: .*the machine runs and is whole/);
});

test('a memory that is full costs the checkpoint that was to be kept there, and the machine goes on', async () => {
  assert.match(await onSmallFileSystems('memory', '512m', '24m'), /no-room: .*the machine runs and is whole/);
});
