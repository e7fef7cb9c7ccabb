import type { MachineSpec } from '@goqemu/spec';
import type { ApplyContext } from '../resource/apply-context.ts';
import { recordOf, stateOf, took } from './machine-state.ts';

export async function start(context: ApplyContext, id: string, name: string, spec: MachineSpec): Promise<void> {
  const machine = stateOf(context, name);
  const began = context.now();
  await context.writer.begin(id, { resources: { machine: { [name]: { ...machine, ready: false } } } });
  const record = await context.backend.start(spec, recordOf(machine), context.call);
  await context.writer.end(id, {
    resources: { machine: { [name]: { ...stateOf(context, name), spec, record, ready: true } } },
    durations: took(context, { what: 'start', name, began }),
  });
}

export async function stop(context: ApplyContext, id: string, name: string): Promise<void> {
  const machine = stateOf(context, name);
  const began = context.now();
  const record = await context.backend.stop(machine.spec, recordOf(machine), context.call);
  await context.writer.end(id, {
    resources: { machine: { [name]: { ...stateOf(context, name), record } } },
    durations: took(context, { what: 'stop', name, began }),
  });
}
