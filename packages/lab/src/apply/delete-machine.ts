import type { ApplyContext } from '../resource/apply-context.ts';
import { stateOf } from './machine-state.ts';

export async function deleteMachine(context: ApplyContext, id: string, name: string): Promise<void> {
  const machine = stateOf(context, name);
  const began = context.now();
  if (machine.record !== null) {
    await context.writer.begin(id, { resources: { machine: { [name]: { ...machine, phase: 'deleting' } } } });
    await context.backend.delete(machine.spec, machine.record, context.call);
  }
  await context.writer.end(id, {
    resources: { machine: { [name]: null } },
    durations: { delete: context.now() - began },
  });
}
