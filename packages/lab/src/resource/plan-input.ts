import type { Backend, BackendCall } from '../backend/backend.ts';
import type { Lab } from '../evaluate/lab.ts';
import type { LabLock } from '../lock/lab-lock.ts';
import type { PowerVerb } from '../power/power-verb.ts';
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
  /** Machines that were stopped or suspended on purpose are started. */
  readonly start?: boolean;
}

/** The same for a kind: only what the plan is about. */
export interface KindInput extends PlanInput {
  /** Resources of the lab that were chosen, by `resourceKey`. */
  readonly selected: ReadonlySet<string>;
}

/** What a plan is made from that stops or starts what is there: the lab is not asked. */
export interface PowerInput extends Pick<PlanInput, 'read' | 'backend' | 'call'> {
  readonly verb: PowerVerb;
  /** Names of machines; all of the lab when absent. */
  readonly machines?: readonly string[];
}
