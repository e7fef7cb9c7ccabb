import { orUndone } from '@goqemu/core';
import { withLateFailure } from '../channel/late-failure.ts';
import type { GuestAgentClient } from './guest-agent-client.ts';

export interface OpenGuestFile {
  readonly path: string;
  /** As fopen(3) takes it. */
  readonly mode: string;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a file of the guest for some work and closes it afterwards; the first failure is the one that is thrown. */
export async function withGuestFile<T>(
  agent: GuestAgentClient,
  file: OpenGuestFile,
  work: (handle: number) => Promise<T>,
): Promise<T> {
  const handle = await openGuestFile(agent, file);
  let result: T;
  try {
    result = await work(handle);
  } catch (error) {
    // While the connection stands, a handle that cannot be closed stays open in the agent.
    throw await agent.execute('guest-file-close', { handle }).then(
      () => error,
      (late: unknown) => withLateFailure(error, late),
    );
  }
  await agent.execute('guest-file-close', { handle });
  return result;
}

/** A handle that arrives after the opening was given up is closed: the agent keeps it for ever. */
function openGuestFile(agent: GuestAgentClient, { path, mode, signal }: OpenGuestFile): Promise<number> {
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
