import { errorMessage, GoqemuError, hasErrorCode } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { throughAgent, throughSession } from './as-root.ts';
import type { Standby } from './standby.ts';

/** Milliseconds: a guest may hold gigabytes in memory, and its host's disk may write some ten megabytes a second. */
const timeoutMs = 600_000;

/** A guest that runs, by the ways into it. */
export interface SyncedGuest {
  readonly machine: Machine;
  readonly session: GuestSession;
  readonly standby?: Standby | undefined;
}

/**
 * Has the guest write out what it holds in memory, so that the disk alone is complete.
 *
 * @throws GoqemuError `guest-sync-failed`, also where it takes more than ten minutes
 */
export async function syncGuest(vm: Vm, { machine, session, standby }: SyncedGuest, call: VmCall): Promise<void> {
  const limits = call.signal ? { signal: call.signal } : {};
  if (await standby?.sync(machine, timeoutMs, limits).catch((error: unknown) => notInTime(vm, error))) return;
  const { agent } = await vm.state();
  // sync(2) needs no privileges, so that a guest without sudo can be cut as well.
  const run = agent
    ? throughAgent(machine, call, { timeoutMs })
    : throughSession(session, call, { timeoutMs, user: session.user });
  const result = await run('exec sync\n').catch((error: unknown) => notInTime(vm, error));
  if (result.exitCode !== 0)
    throw syncFailed(vm, result.stderr.trim() || `sync ended with exit code ${result.exitCode ?? 'none'}`);
}

function notInTime(vm: Vm, error: unknown): never {
  if (hasErrorCode(error, 'qga-exec-timeout') || hasErrorCode(error, 'timeout'))
    throw syncFailed(vm, errorMessage(error), error);
  throw error;
}

function syncFailed({ spec: { name } }: Vm, detail: string, cause?: unknown): GoqemuError {
  return new GoqemuError({
    code: 'guest-sync-failed',
    source: 'environment',
    subject: name,
    message: `the guest of ${name} could not write out its data, so no checkpoint was made`,
    detail,
    hint: 'look into the guest: its disk may be full, broken or very slow',
    cause,
  });
}
