import type { ErrorCode } from '@goqemu/core';
import type { ObservedMachine } from '../backend/backend.ts';
import type { PlanNotice } from '../plan/plan.ts';
import type { DraftOperation } from '../plan/plan-context.ts';
import type { MachineState } from '../state/lab-state.ts';
import type { PowerVerb } from './power-verb.ts';

/** A machine of the state, and what a look at it found. */
export interface PowerCase {
  readonly machine: MachineState;
  readonly observed: ObservedMachine | undefined;
  readonly status: ObservedMachine['status'];
}

export type PowerDecision =
  /** It is so already. */
  | { readonly kind: 'none' }
  /** `why` continues a sentence that begins with the machine's name, or with `it`. */
  | { readonly kind: 'cannot'; readonly code: ErrorCode; readonly why: string; readonly hint: string }
  | {
      readonly kind: 'do';
      readonly acts: readonly Pick<DraftOperation, 'action' | 'reason' | 'work'>[];
      readonly notices?: readonly PlanNotice[];
    };

/** What each verb does with a machine in each state. */
export const powerRules: Readonly<Record<PowerVerb, (machine: PowerCase) => PowerDecision>> = {
  stop: (one) => withRecord(one, 'stop') ?? imported(one, 'stop') ?? stop(one),
  start: (one) => withRecord(one, 'start') ?? whole(one) ?? start(one, 'start'),
  restart: (one) => withRecord(one, 'restart') ?? imported(one, 'restart') ?? whole(one) ?? restart(one),
  suspend: (one) => withRecord(one, 'suspend') ?? imported(one, 'suspend') ?? whole(one) ?? suspend(one),
  resume: (one) => withRecord(one, 'resume') ?? resume(one),
};

const nothing: PowerDecision = { kind: 'none' };

function stop({ machine, status }: PowerCase): PowerDecision {
  const work = { verb: 'stop', park: true } as const;
  if (status === 'stopped' && machine.power === 'stopped') return nothing;
  if (status === 'stopped') {
    const reason = 'it does not run, and stays so from now on';
    return { kind: 'do', acts: [{ action: 'stop', reason, work }] };
  }
  return { kind: 'do', acts: [{ action: 'stop', reason: requested('stop'), work }], ...dropsRam(machine.name, status) };
}

function start({ machine, observed, status }: PowerCase, verb: 'start' | 'restart'): PowerDecision {
  const { spec, ready, power, imported: isImported } = machine;
  if (status === 'running' && ready && power === undefined && !observed?.repair) return nothing;
  if (isImported && status !== 'running' && status !== 'paused')
    return cannot(
      'was imported, and goqemu cannot start what it did not make',
      `start it as it was started before, or have it made again: goqemu apply --replace ${machine.name}`,
    );
  const isSuspended = status === 'suspended';
  const lost = isSuspended ? observed?.reason : undefined;
  const reason = lost === undefined ? requested(verb) : `${requested(verb)}; it boots from its disk: ${lost}`;
  const action = isSuspended && lost === undefined ? 'resume' : 'start';
  return { kind: 'do', acts: [{ action, reason, work: { verb: 'start', spec } }] };
}

/** In two operations: what is interrupted between them leaves a machine that the next apply starts. */
function restart(one: PowerCase): PowerDecision {
  const { machine, status } = one;
  const { name, spec } = machine;
  const up = { action: 'start', reason: requested('restart'), work: { verb: 'start', spec } } as const;
  if (status === 'stopped') return { kind: 'do', acts: [up] };
  const down = { action: 'stop', reason: requested('restart'), work: { verb: 'stop' } } as const;
  return { kind: 'do', acts: [down, up], ...dropsRam(name, status) };
}

function suspend({ machine, observed, status }: PowerCase): PowerDecision {
  const { name } = machine;
  if (status === 'suspended' && !observed?.reason) return nothing;
  if (status === 'running' && machine.ready) {
    const act = { action: 'suspend', reason: requested('suspend'), work: { verb: 'suspend' } } as const;
    return { kind: 'do', acts: [act] };
  }
  if (status === 'paused')
    return cannot(
      'is paused, and its guest cannot write its data to the disk',
      `resume it first: goqemu resume ${name}`,
    );
  return cannot(`is ${status}: only a running machine has RAM to keep`, `start it first: goqemu start ${name}`);
}

function resume(one: PowerCase): PowerDecision {
  const { machine, observed, status } = one;
  const { name, spec } = machine;
  const reason = requested('resume');
  switch (status) {
    case 'running':
      return start(one, 'start');
    case 'paused':
      return { kind: 'do', acts: [{ action: 'resume', reason, work: { verb: 'start', spec } }] };
    case 'suspended':
      if (observed?.reason !== undefined)
        return cannot(
          `cannot resume: ${observed.reason}`,
          `boot from its disk, to which its guest wrote its data: goqemu start ${name}`,
          'ram-lost',
        );
      return { kind: 'do', acts: [{ action: 'resume', reason, work: { verb: 'start', spec, fromRam: true } }] };
    default:
      return cannot(`is ${status}, not suspended`, `start it: goqemu start ${name}`);
  }
}

/** There is something of it that a verb could act on. */
function withRecord({ machine, observed, status }: PowerCase, verb: PowerVerb): PowerDecision | undefined {
  if (machine.phase !== 'made') return cannot('is not complete: creating or deleting it was interrupted', finish);
  if (status !== 'absent' && status !== 'damaged') return undefined;
  const why = observed?.reason === undefined ? 'has no disk any more' : `is damaged: ${observed.reason}`;
  return cannot(
    why,
    verb === 'stop' ? 'goqemu apply makes it again, goqemu destroy removes it' : 'make it again: goqemu apply',
  );
}

/** Its disk is what the state says. */
function whole({ machine }: PowerCase): PowerDecision | undefined {
  if (machine.dirty) return cannot('is not complete: a step was interrupted or failed', finish);
  return machine.applied.length === 0 ? cannot('has not been ready yet', finish) : undefined;
}

function imported({ machine }: PowerCase, verb: PowerVerb): PowerDecision | undefined {
  if (!machine.imported) return undefined;
  const why =
    verb === 'suspend' ? 'goqemu does not keep the RAM of what it did not start' : 'goqemu could not start it again';
  return cannot(`was imported, and ${why}`, `shut its guest down: goqemu exec ${machine.name} -- sudo poweroff`);
}

const finish = 'finish it first: goqemu apply';

function cannot(why: string, hint: string, code: ErrorCode = 'power-refused'): PowerDecision {
  return { kind: 'cannot', code, why, hint };
}

function requested(verb: PowerVerb): string {
  return `requested with goqemu ${verb}`;
}

function dropsRam(name: string, status: PowerCase['status']): { readonly notices?: readonly PlanNotice[] } {
  if (status !== 'suspended') return {};
  const message = `${name} is suspended: this drops its RAM, and what ran in it; its disk stays`;
  return { notices: [{ code: 'ram-dropped', message, hint: `"goqemu resume ${name}" continues it instead` }] };
}
