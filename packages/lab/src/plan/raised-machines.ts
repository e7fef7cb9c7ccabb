import type { MachineOperation } from './machine-operation.ts';
import { memoryFor, type Work } from './work.ts';

/** Names of the machines that run once a plan is carried out, and need not have run before. */
export function raisedMachines(operations: readonly MachineOperation[]): readonly string[] {
  return [...new Set(operations.filter(({ work }) => raises(work)).map(({ resource }) => resource.name))];
}

function raises(work: Work): boolean {
  return memoryFor(work) !== undefined || work.verb === 'step' || (work.verb === 'update' && work.isUp === true);
}
