import { errorMessage, hasErrorCode } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

/** Milliseconds for the guest's package manager; without a network it gives up much sooner. */
const installMs = 300_000;

/** The package has the same name everywhere; a unit that is there starts when its port appears, or manually. */
const install = `set -e
if command -v apt-get >/dev/null; then apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends qemu-guest-agent
elif command -v dnf >/dev/null; then dnf install -yq qemu-guest-agent
elif command -v pacman >/dev/null; then pacman -Sy --noconfirm --needed qemu-guest-agent
elif command -v apk >/dev/null; then apk add -q qemu-guest-agent && rc-update -q add qemu-guest-agent
else echo 'the guest has no package manager that goqemu knows' >&2; exit 1
fi
if command -v systemctl >/dev/null; then systemctl start qemu-guest-agent
elif command -v rc-service >/dev/null; then rc-service -q qemu-guest-agent start
fi
`;

/**
 * Finds out whether the guest has an agent, which makes the way back to a checkpoint quick. Cloud images of most
 * publishers come without: it is installed once, after the first boot, and a guest where that fails does without.
 */
export async function ensureAgent(vm: Vm, machine: Machine, session: GuestSession, call: VmCall): Promise<boolean> {
  const { installAgent } = await vm.state();
  if (!installAgent) return answers(machine, call);
  if (await answers(machine, call)) {
    await vm.update({ installAgent: undefined });
    return true;
  }
  call.onProgress?.({ kind: 'stage', stage: 'guest agent', status: 'started' });
  const begun = performance.now();
  const failure = await session
    .exec(['/bin/sh'], {
      input: install,
      user: 'root',
      label: 'installing the guest agent',
      timeoutMs: installMs,
      ...(call.signal ? { signal: call.signal } : {}),
    })
    .then(
      (result) => (result.exitCode === 0 ? undefined : result.stderr.trim().split('\n').at(-1)),
      (error: unknown) => errorMessage(error),
    );
  call.signal?.throwIfAborted();
  await vm.update({ installAgent: undefined });
  call.onProgress?.({ kind: 'stage', stage: 'guest agent', status: 'done', durationMs: performance.now() - begun });
  if (await answers(machine, call)) return true;
  call.onProgress?.({
    kind: 'notice',
    code: 'no-agent',
    message: `${vm.spec.name} has no guest agent${failure ? ` (${failure})` : ''}: checkpoints work, restoring them waits for SSH`,
  });
  return false;
}

async function answers(machine: Machine, call: VmCall): Promise<boolean> {
  try {
    await using agent = await machine.agent({ timeoutMs: 2_000, ...(call.signal ? { signal: call.signal } : {}) });
    await agent.ping();
    return true;
  } catch (error) {
    // Silence is the answer of a guest without one, and a machine may have no port for it.
    if (
      (['qga-not-responding', 'agent-absent', 'qga-closed', 'qga-command-failed', 'timeout'] as const).some((code) =>
        hasErrorCode(error, code),
      )
    )
      return false;
    throw error;
  }
}
