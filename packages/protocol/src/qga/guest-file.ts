import { orUndone, withCleanUp } from '@goqemu/core';
import type { GuestAgent } from './guest-agent.ts';

export interface OpenGuestFile {
  readonly path: string;
  /** As fopen(3) takes it. */
  readonly mode: string;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a file of the guest for some work and closes it afterwards; the first failure is the one that is thrown. */
export async function withGuestFile<T>(
  agent: GuestAgent,
  file: OpenGuestFile,
  work: (handle: number) => Promise<T>,
): Promise<T> {
  const handle = await openGuestFile(agent, file);
  // While the connection stands, a handle that cannot be closed stays open in the agent.
  return withCleanUp(
    () => work(handle),
    () => agent.execute('guest-file-close', { handle }),
  );
}

/** A handle that arrives after the opening was given up is closed: the agent keeps it for ever. */
function openGuestFile(agent: GuestAgent, { path, mode, signal }: OpenGuestFile): Promise<number> {
  const close = (handle: number) => agent.execute('guest-file-close', { handle });
  const onLateResult = (handle: unknown) => void close(handle as number).catch(() => undefined);
  return orUndone({
    name: 'guest-file-open',
    timeoutMs: Number.POSITIVE_INFINITY, // that of the command counts
    signal,
    change: () => agent.execute('guest-file-open', { path, mode }, { onLateResult }),
    undo: close,
    graceMs: 2_000,
  });
}
