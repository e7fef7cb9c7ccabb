import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { acquireFileLock } from '@goqemu/core';
import type { RunSettings } from '@goqemu/test';
import { traceSuffix } from '@goqemu/test/process';

/** Milliseconds to wait for another process of the run that does the same. */
const lockWaitMs = 10 * 60_000;

/**
 * Removes traces of earlier runs beyond the number that is kept, with their machines: by the command, which finds the labs that
 * they are of.
 */
export async function removeOldTraces({ traces, keepTraces, id }: RunSettings): Promise<void> {
  await using _lock = await acquireFileLock(join(traces, '.lock'), {
    command: 'a test that failed',
    waitMs: lockWaitMs,
  });
  const names = (await readdir(traces)).filter((name) => name.endsWith(traceSuffix));
  const found = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(traces, name))).mtimeMs })));
  const old = found
    .sort((a, b) => b.at - a.at)
    .slice(keepTraces)
    .filter(({ name }) => !name.includes(`.${id}-`));
  if (old.length === 0) return;
  const command = join(dirname(createRequire(import.meta.url).resolve('goqemu/package.json')), 'bin/goqemu.js');
  const paths = old.map(({ name }) => join(traces, name));
  await promisify(execFile)(process.execPath, [command, 'trace', 'delete', ...paths]);
}
