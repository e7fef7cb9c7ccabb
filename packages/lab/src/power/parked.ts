import type { ObservedMachine } from '../backend/backend.ts';
import type { MachineState } from '../state/lab-state.ts';

/** How a machine stands still on purpose. */
export type Parked = 'stopped' | 'suspended' | 'paused';

/**
 * Whether a machine stands still on purpose: that is no drift, and an apply that has no work for it leaves it so. A status
 * check decides: a machine that was to be stopped and runs is not parked, nor is one that stopped by itself. Only a client
 * of its monitor pauses a machine; a cut or a start that was interrupted pauses it too, and leaves a mark in the state.
 */
export function parkedAs(machine: MachineState, observed: ObservedMachine | undefined): Parked | undefined {
  const { power, ready, dirty, cutting } = machine;
  const isWhole = ready && !dirty && !cutting;
  switch (observed?.status) {
    case 'stopped':
      return power === undefined ? undefined : 'stopped';
    case 'suspended':
      return power !== undefined || isWhole ? 'suspended' : undefined;
    case 'paused':
      return power === undefined && isWhole ? 'paused' : undefined;
    default:
      return undefined;
  }
}
