import type { Operation } from '../resource/operation.ts';
import { machineKindName } from '../resource/resource-ref.ts';
import type { Work } from './work.ts';

/** An operation on a machine: what its work says is known here. */
export interface MachineOperation extends Operation {
  readonly work: Work;
}

export function isOfMachine(operation: Operation): operation is MachineOperation {
  return operation.resource.kind === machineKindName;
}
