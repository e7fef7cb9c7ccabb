import { GoqemuError, hasErrorCode } from '@goqemu/core';
import { applyIdentity, type GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { VmCall } from '../vm/vm-host.ts';
import { throughSession } from './as-root.ts';
import type { Standby } from './standby.ts';

type GuestAgentClient = Awaited<ReturnType<Machine['agent']>>;
type Limits = { readonly signal?: AbortSignal };

/**
 * Milliseconds for a resumed guest to answer, or to start a program and end it. A few tenths of a second suffice where it is
 * emulated; of many that resume at once on a busy host, one has been seen to take more than ten seconds.
 */
export const answerMs = 60_000;
/** Milliseconds that a guest's clock may be off. */
const toleranceMs = 50;
/** How often the clock is set until it is right. */
const attempts = 4;

/** The ways into a guest whose clock is to be set. */
export interface ClockAccess {
  readonly machine: Machine;
  readonly session: GuestSession;
  /** Whether the guest has an agent. */
  readonly agent: boolean;
  /** The process that the cut left in it; the quickest and most exact way. */
  readonly standby?: Standby | undefined;
}

/**
 * Sets the clock of a guest that stood still: after a cut, a restore or a pause. Over SSH alone, for a guest without an
 * agent, it is as late as the command takes to start.
 *
 * @throws GoqemuError `identity-failed` when the guest has no program that sets it
 */
export async function setGuestClock(access: ClockAccess, call: VmCall): Promise<void> {
  const { machine, session, agent, standby } = access;
  const limits = call.signal ? { signal: call.signal } : {};
  if (await standby?.setClock(limits)) return;
  if (!agent) return applyIdentity(throughSession(session, call), { clock: Date.now() });
  await using client = await machine.agent({ timeoutMs: answerMs, ...limits });
  await correctClock(client, limits);
}

/**
 * Compares the guest's clock with the host's and sets it until they agree. What starting the program took is added the
 * next time: in an emulated guest that is some tenths of a second.
 *
 * @throws GoqemuError `identity-failed`
 */
export async function correctClock(agent: ClockAgent, limits: Limits = {}): Promise<void> {
  let lead = 0;
  let refused: string | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const behind = await behindMs(agent, limits);
    if (Math.abs(behind) <= toleranceMs) return;
    if (attempt > 0) lead = Math.max(0, lead + behind);
    refused = await setTime(agent, lead, limits);
  }
  const left = Math.round(await behindMs(agent, limits));
  if (refused !== undefined && Math.abs(left) > toleranceMs) throw clockNotSet(`${refused}; it is ${left} ms behind`);
}

/** What `correctClock` needs of an agent's client. */
export type ClockAgent = Pick<GuestAgentClient, 'execute' | 'setTime'>;

/** Milliseconds that the guest is behind the host, as far as the time that asking took does not explain it. */
async function behindMs(agent: ClockAgent, limits: Limits): Promise<number> {
  const asked = Date.now();
  const guest = (await agent.execute('guest-get-time', {}, limits)) / 1e6;
  const answered = Date.now();
  return guest < asked ? asked - guest : guest > answered ? answered - guest : 0;
}

/** Says why it could not; without hwclock(8) the agent fails after it has set the clock, so that only the clock tells. */
async function setTime(agent: ClockAgent, lead: number, limits: Limits): Promise<string | undefined> {
  try {
    await agent.setTime(new Date(Date.now() + lead), { timeoutMs: answerMs, ...limits });
    return undefined;
  } catch (error) {
    if (hasErrorCode(error, 'qga-command-failed')) return error.message;
    if (hasErrorCode(error, 'qga-exec-timeout')) throw clockNotSet(error.message, 'let fewer machines run at a time');
    throw error;
  }
}

function clockNotSet(detail: string, hint = 'the guest needs date(1)'): GoqemuError {
  return new GoqemuError({
    code: 'identity-failed',
    source: 'environment',
    message: "the guest's clock could not be set",
    detail,
    hint,
  });
}
