import { hostProcessTable, isAlive, type ProcessIdentity, sleep, systemErrorCode, withDeadline } from '@goqemu/core';

/** Ends a passt; does nothing when it has ended, as it does with its QEMU. */
export async function endPasst(passt: ProcessIdentity): Promise<void> {
  const processes = hostProcessTable();
  await withDeadline(`ending passt (process ${passt.pid})`, 5_000, undefined, async (signal) => {
    while (await isAlive(passt, processes)) {
      try {
        process.kill(passt.pid, 'SIGKILL'); // it holds nothing that a gentler end would save
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error;
      }
      await sleep(5, signal);
    }
  });
}
