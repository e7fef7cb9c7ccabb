import type { Parked } from '../power/parked.ts';
import type { ChainLink } from './desired-machine.ts';
import type { MachinePlace, RestoreTarget } from './machine-place.ts';

/** A machine on its way from where it is, or from a layer that it is taken to, to what the lab wants. */
export interface MachineWay extends MachinePlace {
  readonly target: RestoreTarget | undefined;
  /** How many links are behind it where the way begins. */
  readonly have: number;
  /** Links that run. */
  readonly remaining: readonly ChainLink[];
  readonly isTemplate: boolean;
  /** It stands still on purpose, and is left so unless there is work for it. */
  readonly parked: Parked | undefined;
  /** A manual checkpoint that was interrupted is cut again. */
  readonly recut: boolean;
  /** It is stopped and started with what has changed of it. */
  readonly restarts: boolean;
  /** Why it is restarted although nothing of its own has changed. */
  readonly disturbance: string | undefined;
}
