import type { Backend, BackendCall } from '../backend/backend.ts';
import type { SecretVault } from '../secret/secret-vault.ts';
import type { StateWriter } from '../state/state-writer.ts';

/** What carrying out an operation needs. */
export interface ApplyContext {
  readonly backend: Backend;
  readonly writer: StateWriter;
  readonly vault: SecretVault;
  readonly call: BackendCall;
  readonly now: () => number;
  /** Whether an operation still to come starts from a layer. */
  readonly isOriginToCome: (layer: string) => boolean;
}
