/**
 * What a machine is doing. `unknown` until QEMU has said, and again when it can no longer be asked while its
 * process lives.
 */
export type MachineState = 'unknown' | 'prelaunch' | 'running' | 'paused' | 'suspended' | 'shutdown' | 'crashed';

/** QEMU's run states (QAPI `RunState`, qapi/run-state.json, 7.2) as goqemu tells them. */
export function machineState(runState: string): MachineState {
  switch (runState) {
    case 'running':
      return 'running';
    case 'prelaunch':
    case 'inmigrate':
      return 'prelaunch';
    case 'suspended':
      return 'suspended';
    case 'shutdown':
      return 'shutdown';
    case 'guest-panicked':
    case 'internal-error':
    case 'io-error':
    case 'watchdog':
      return 'crashed';
    case 'paused':
    case 'debug':
    case 'save-vm':
    case 'restore-vm':
    case 'postmigrate':
    case 'finish-migrate':
    case 'colo':
      return 'paused';
    default:
      return 'unknown';
  }
}
