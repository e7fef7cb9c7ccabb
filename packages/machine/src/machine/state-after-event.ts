import type { AnyQmpEvent } from '@goqemu/protocol';
import type { MachineState } from './machine-state.ts';

/**
 * The state that a machine is in after one of QEMU's events (qapi/run-state.json, qapi/block-core.json, 7.2 to 10.0).
 * Nothing but the end of the process is final: a QEMU that survives a power-off (`-action shutdown=pause`) or a panic can
 * be reset and runs again.
 */
export function stateAfterEvent(state: MachineState, { event, data }: AnyQmpEvent): MachineState {
  const action = (data as { readonly action?: string } | undefined)?.action;
  switch (event as string) {
    case 'SHUTDOWN':
      return 'shutdown';
    case 'GUEST_PANICKED':
      return action === 'run' ? state : 'crashed';
    case 'BLOCK_IO_ERROR':
      return action === 'stop' ? 'crashed' : state;
    case 'WATCHDOG':
      return action === 'pause' ? 'crashed' : state;
    // STOP follows the event that says why the CPUs stopped.
    case 'STOP':
      return state === 'shutdown' || state === 'crashed' ? state : 'paused';
    case 'RESUME':
    case 'WAKEUP':
      return 'running';
    case 'SUSPEND':
    case 'SUSPEND_DISK':
      return 'suspended';
    // softmmu/runstate.c, main_loop_should_exit(): a machine that does not run waits for `cont` after a reset.
    case 'RESET':
      return state === 'running' || state === 'unknown' ? state : 'prelaunch';
    default:
      return state;
  }
}
