import { type OptionalVerb, optionalVerb } from '../backend/optional-verb.ts';
import { cannotKeepRam } from '../power/power-errors.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { MachineState } from '../state/lab-state.ts';
import { awake, recordOf, stateOf, took, type WorkOf } from './machine-state.ts';
import { watchRoad } from './watch-road.ts';

export async function start(context: ApplyContext, id: string, name: string, work: WorkOf<'start'>): Promise<void> {
  const before = stateOf(context, name);
  const began = context.now();
  const { call, road } = watchRoad(context.call);
  await context.writer.begin(id, row({ ...awake(before), ready: false }));
  const record = work.fromRam
    ? await orAsBefore(context, { id, before }, () =>
        verbOf(context, name, 'resume')(work.spec, recordOf(before), call),
      )
    : await context.backend.start(work.spec, recordOf(before), call);
  await context.writer.end(id, {
    ...row({ ...stateOf(context, name), spec: work.spec, record, ready: true }),
    durations: took(context, { what: road() === 'ram' ? 'resume' : 'start', name, began }),
  });
}

export async function stop(context: ApplyContext, id: string, name: string, work: WorkOf<'stop'>): Promise<void> {
  const before = stateOf(context, name);
  const meant: MachineState = work.park ? { ...before, power: 'stopped' } : awake(before);
  const began = context.now();
  await context.writer.begin(id, row(meant));
  const record = await orAsBefore(context, { id, before }, () =>
    context.backend.stop(before.spec, recordOf(before), context.call),
  );
  await context.writer.end(id, {
    ...row({ ...meant, record }),
    durations: took(context, { what: 'stop', name, began }),
  });
}

export async function suspend(context: ApplyContext, id: string, name: string): Promise<void> {
  const before = stateOf(context, name);
  const meant: MachineState = { ...before, power: 'suspended' };
  const began = context.now();
  await context.writer.begin(id, row(meant));
  const record = await orAsBefore(context, { id, before }, () =>
    verbOf(context, name, 'suspend')(before.spec, recordOf(before), context.call),
  );
  await context.writer.end(id, {
    ...row({ ...meant, record }),
    durations: took(context, { what: 'suspend', name, began }),
  });
}

function row(machine: MachineState) {
  return { resources: { machine: { [machine.name]: machine } } };
}

/** A verb that failed left the machine as it was; one that was interrupted is settled by the next status check. */
async function orAsBefore<T>(
  { call, writer }: ApplyContext,
  { id, before }: { readonly id: string; readonly before: MachineState },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!call.signal.aborted) await writer.end(id, row(before));
    throw error;
  }
}

function verbOf<Verb extends Extract<OptionalVerb, 'suspend' | 'resume'>>(
  { backend }: ApplyContext,
  name: string,
  verb: Verb,
) {
  const found = optionalVerb(backend, verb);
  if (!found) throw cannotKeepRam(backend.kind, name);
  return found;
}
