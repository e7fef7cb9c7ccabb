import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sleep } from '../cancellation/sleep.ts';
import { hasErrorCode } from '../errors/goqemu-error.ts';
import { hostProcessTable, type ProcessTable } from '../process/process-identity.ts';
import { acquireFileLock } from './file-lock.ts';
import { type FileOperations, hostFileOperations } from './file-operations.ts';
import { replaceFile } from './remove-and-replace.ts';

const dead = { identity: { pid: 2 ** 22 + 1, startTime: '1', bootId: 'before' }, command: 'goqemu apply', since: '' };

async function lockFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-lock-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'lock');
}

test('a held lock is refused with its holder, and free again when it is let go', async (t) => {
  const path = await lockFile(t);
  {
    await using _held = await acquireFileLock(path, { command: 'goqemu apply' });
    await assert.rejects(acquireFileLock(path, { command: 'goqemu destroy' }), (error) => {
      return hasErrorCode(error, 'locked') && error.data.pid === process.pid && /goqemu apply/.test(error.message);
    });
  }
  await using _again = await acquireFileLock(path, { command: 'goqemu destroy' });
});

test('a lock that its owner let go, but could not remove, keeps no one out', async (t) => {
  const path = await lockFile(t);
  let isReadOnly = false;
  const files: FileOperations = {
    ...hostFileOperations,
    unlinkNow: (file) => {
      if (isReadOnly) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
      hostFileOperations.unlinkNow(file);
    },
  };
  const held = await acquireFileLock(path, { command: 'goqemu apply', files });
  isReadOnly = true;
  await assert.rejects(async () => held[Symbol.asyncDispose](), { code: 'EROFS' });
  isReadOnly = false;
  await using _again = await acquireFileLock(path, { command: 'goqemu apply' });
  await assert.rejects(acquireFileLock(path, { command: 'goqemu destroy' }), (error) => hasErrorCode(error, 'locked'));
});

test('the lock of a dead owner is taken by one of many contenders at a time', async (t) => {
  const path = await lockFile(t);
  const real = hostProcessTable();
  // Looks take their time, so that contenders see records that are no longer there.
  const slow: ProcessTable = {
    identify: async (pid) => {
      await sleep(Math.random() * 5);
      return real.identify(pid);
    },
  };
  let holders = 0;
  const contend = async () => {
    await using _lock = await acquireFileLock(path, { command: 'test', waitMs: 60_000, processes: slow });
    holders++;
    assert.equal(holders, 1, 'two hold the lock');
    await sleep(Math.random() * 3);
    holders--;
    // As if it had died; the file is replaced in one step, as a record is published.
    if (Math.random() < 0.5) {
      await writeFile(`${path}.next`, JSON.stringify(dead));
      await replaceFile(`${path}.next`, path);
    }
  };
  await writeFile(path, JSON.stringify(dead));
  await Promise.all(Array.from({ length: 20 }, contend));
  const left = await readdir(join(path, '..'));
  assert.deepEqual(
    left.filter((name) => name !== 'lock'),
    [],
  );
});

test('a lock that was half written, and a contender that was killed while it removed one, block no one', async (t) => {
  const path = await lockFile(t);
  await writeFile(path, '{"identity":');
  await writeFile(`${path}.breaking`, '');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(`${path}.breaking`, longAgo, longAgo);
  await using _lock = await acquireFileLock(path, { command: 'test' });
});

test('an owner that cannot be looked at is not taken for a dead one', async (t) => {
  const path = await lockFile(t);
  await writeFile(path, JSON.stringify(dead));
  const real = hostProcessTable();
  const processes: ProcessTable = {
    identify: async (pid) => {
      if (pid === process.pid) return real.identify(pid);
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    },
  };
  await assert.rejects(acquireFileLock(path, { command: 'test', processes }), { code: 'EMFILE' });
});
