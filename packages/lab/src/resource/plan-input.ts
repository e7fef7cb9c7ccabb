import type { Backend, BackendCall } from '../backend/backend.ts';
import type { Lab } from '../evaluate/lab.ts';
import type { LabLock } from '../lock/lab-lock.ts';
import type { SecretVault } from '../secret/secret-vault.ts';
import type { ReadState } from '../state/read-state.ts';

/** What a plan is made from. */
export interface PlanInput {
  /** Undefined for destroy: nothing is wanted. */
  readonly lab: Lab | undefined;
  readonly read: ReadState;
  readonly lock: LabLock;
  readonly backend: Backend;
  readonly call: BackendCall;
  readonly vault: SecretVault;
  readonly now: number;
  /** Names of resources, or `kind/name`. */
  readonly target?: readonly string[];
  readonly exclude?: readonly string[];
  readonly replace?: readonly string[];
}

/** The same for a kind: only what the plan is about. */
export interface KindInput extends PlanInput {
  /** Resources of the lab that were chosen, by `resourceKey`. */
  readonly selected: ReadonlySet<string>;
}
