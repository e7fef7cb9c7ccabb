import { renamePatch } from '../machine/rename-machine.ts';
import type { MachineOperation } from '../plan/machine-operation.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import { deleteMachine } from './delete-machine.ts';
import { adopt, make } from './make-machine.ts';
import { start, stop, suspend } from './power-machine.ts';
import { restore } from './restore-machine.ts';
import { runStep } from './run-step.ts';
import { update } from './update-machine.ts';

/** Does what an operation says, each act between a begin and an end in the journal. */
export async function carryOut(context: ApplyContext, operation: MachineOperation): Promise<void> {
  const { id, work } = operation;
  const { name: machine } = operation.resource;
  switch (work.verb) {
    case 'note':
      return;
    case 'adopt':
      return adopt(context, id, machine, work);
    case 'make':
      return make(context, id, machine, work);
    case 'start':
      return start(context, id, machine, work);
    case 'stop':
      return stop(context, id, machine, work);
    case 'suspend':
      return suspend(context, id, machine);
    case 'update':
      return update(context, id, machine, work);
    case 'restore':
      return restore(context, id, machine, work);
    case 'step':
      return runStep(context, id, machine, work);
    case 'rename':
      return context.writer.end(id, renamePatch(context.writer.state, { from: work.from, to: machine }));
    case 'delete':
      return work.forget
        ? context.writer.end(id, { resources: { machine: { [machine]: null } } })
        : deleteMachine(context, id, machine);
  }
}
