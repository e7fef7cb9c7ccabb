import { GoqemuError, systemErrorCode, withDeadline } from '@goqemu/core';

export interface CopyOptions {
  /** Milliseconds. @default 60_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Loads what copying takes, so that no guest stands still for it. */
export async function prepareCopying(): Promise<void> {
  await import('execa'); // late: most commands start no program
}

/**
 * Copies RAM between a machine and a checkpoint, either way. Only pages in use travel and take room:
 * holes stay holes (cp(1), `--sparse=always`), and a file system that can shares the blocks.
 *
 * @throws GoqemuError `no-room` when the target is full, `ram-copy-failed`, `timeout`
 */
export async function copyRam(from: string, to: string, options: CopyOptions = {}): Promise<void> {
  await withDeadline('copying the RAM', options.timeoutMs ?? 60_000, options.signal, async (signal) => {
    const { execa } = await import('execa');
    const result = await execa('cp', ['--sparse=always', '--reflink=auto', '--', from, to], {
      reject: false,
      cancelSignal: signal,
      env: { LC_ALL: 'C' },
    });
    if (result.exitCode === 0) return;
    const full = /No space left|Cannot allocate memory/.test(result.stderr);
    throw new GoqemuError({
      code: full ? 'no-room' : 'ram-copy-failed',
      source: 'environment',
      subject: to,
      message: full
        ? `there is no room for the machine's RAM at ${to}`
        : `the machine's RAM could not be copied to ${to}`,
      detail: result.stderr || systemErrorCode(result.cause) || 'cp gave no reason',
      hint: full ? 'free some room, or delete checkpoints: goqemu checkpoint list' : 'see the reason above',
      cause: result.cause,
    });
  });
}
