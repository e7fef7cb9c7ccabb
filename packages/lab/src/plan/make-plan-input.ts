import type { Backend, BackendCall } from '../backend/backend.ts';
import type { Lab } from '../evaluate/lab.ts';
import type { LabLock } from '../lock/lab-lock.ts';
import type { SecretVault } from '../secret/secret-vault.ts';
import type { ReadState } from '../state/read-state.ts';

/** What a plan is made from. */
export interface MakePlanInput {
  /** Undefined for destroy: nothing is wanted. */
  readonly lab: Lab | undefined;
  readonly read: ReadState;
  readonly lock: LabLock;
  readonly backend: Backend;
  readonly call: BackendCall;
  readonly vault: SecretVault;
  readonly now: number;
  readonly target?: readonly string[];
  readonly exclude?: readonly string[];
  readonly replace?: readonly string[];
}
