import type { GuestRunner, GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { VmCall } from '../vm/vm-host.ts';

/** Milliseconds for a short script of goqemu's own; emulated guests on busy hosts are slow. */
const shortMs = 60_000;

interface RunOptions {
  /** How long the script may take. @default 60_000 */
  readonly timeoutMs?: number;
}

/** Runs a script as root through the guest's agent: the quickest way in, and one that needs no network. */
export function throughAgent(machine: Machine, call: VmCall, { timeoutMs = shortMs }: RunOptions = {}): GuestRunner {
  const signal = call.signal ? { signal: call.signal } : {};
  return async (script) => {
    await using agent = await machine.agent({ timeoutMs: shortMs, ...signal });
    const result = await agent.exec({ path: '/bin/sh', input: script, timeoutMs, ...signal });
    return { exitCode: result.exitCode ?? null, stdout: result.stdout, stderr: result.stderr };
  };
}

/** Runs a script over SSH, for guests without an agent; as root unless another user is named. */
export function throughSession(
  session: GuestSession,
  call: VmCall,
  { timeoutMs = shortMs, user = 'root' }: RunOptions & { readonly user?: string } = {},
): GuestRunner {
  return (script) =>
    session.exec(['/bin/sh'], {
      input: script,
      user,
      label: 'a script of goqemu',
      repeatable: true,
      timeoutMs,
      ...(call.signal ? { signal: call.signal } : {}),
    });
}
