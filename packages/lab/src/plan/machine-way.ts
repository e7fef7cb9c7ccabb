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
  /** It is stopped and started with what has changed of it. */
  readonly restarts: boolean;
}
