import { sleep } from '@goqemu/core';
import type { QmpClient } from '@goqemu/protocol';
import type { ProcessExit } from '../launch/exit-cause.ts';

/** QEMU's last event may still be on its way when its process is gone. */
export async function readToTheEnd(qmp: QmpClient): Promise<void> {
  await orAfter(500, qmp.closed, {});
  await qmp.close();
}

/** Node reports a child's end shortly after the kernel does; that of another process is not reported. */
export async function exitOfChild(exited: Promise<ProcessExit> | undefined): Promise<ProcessExit> {
  // The child is unreferenced: the timer keeps this process alive until the news is in.
  return exited ? await orAfter(1000, exited, {}) : {};
}

async function orAfter<T>(milliseconds: number, news: Promise<T>, otherwise: T): Promise<T> {
  const enough = new AbortController();
  const limit = sleep(milliseconds, enough.signal).then(() => otherwise);
  limit.catch(() => undefined);
  try {
    return await Promise.race([news, limit]);
  } finally {
    enough.abort();
  }
}
