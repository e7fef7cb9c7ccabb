import { GoqemuError, hasErrorCode, sleep } from '@goqemu/core';
import type { GuestAgent } from './guest-agent.ts';
import { isQgaCommandError } from './qga-errors.ts';

export interface Thawed {
  /** The agent's refusal, when the guest had thawed before it was asked to (Windows' VSS does, after 10 s). */
  readonly byItself?: Error;
}

/** Milliseconds during which a guest that answers may refuse; one that does not answer has longer. */
const refusalMs = 5_000;
const longestPauseMs = 500;

/**
 * Thaws, as often as it takes: the agent may be busy with a freeze whose answer was lost, and thaws only after it.
 *
 * @throws GoqemuError `qga-thaw-failed` when the guest may still be frozen
 */
export async function thaw(agent: GuestAgent, timeoutMs: number): Promise<Thawed> {
  const begun = performance.now();
  const elapsed = () => performance.now() - begun;
  let lost = false;
  for (let pause = 50; ; pause = Math.min(pause * 2, longestPauseMs)) {
    const failure = await attempt(agent, timeoutMs - elapsed());
    if (failure === undefined) return {};
    const refused = isQgaCommandError(failure);
    if (refused && (await statusOf(agent)) === 'thawed') return lost ? {} : { byItself: failure };
    lost ||= !refused;
    const over = elapsed() >= Math.min(timeoutMs, refused ? refusalMs : timeoutMs);
    if (over || hasErrorCode(failure, 'qga-closed')) throw thawError(agent.peer, failure);
    await sleep(pause);
  }
}

/** Undefined when it succeeded. */
async function attempt(agent: GuestAgent, leftMs: number): Promise<Error | undefined> {
  try {
    await agent.execute('guest-fsfreeze-thaw', undefined, {
      timeoutMs: Math.min(agent.timeoutMs, Math.max(1_000, leftMs)),
    });
  } catch (error) {
    return error as Error;
  }
  return (await statusOf(agent)) === 'frozen' ? new Error('the guest is frozen after the thaw') : undefined;
}

/** Undefined when the agent does not say. */
function statusOf(agent: GuestAgent): Promise<string | undefined> {
  return agent.execute('guest-fsfreeze-status').catch(() => undefined);
}

function thawError(peer: string, cause: Error): GoqemuError {
  return new GoqemuError({
    code: 'qga-thaw-failed',
    source: 'environment',
    subject: peer,
    message: `the guest's filesystems may still be frozen: they could not be thawed, and the guest may hang until they are`,
    detail: cause.message,
    hint: 'run guest-fsfreeze-thaw again, or reset the machine',
    cause,
    data: { peer },
  });
}
