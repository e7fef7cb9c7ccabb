import { asGoqemuError, changedError, GoqemuError } from '@goqemu/core';
import { lateValues } from '../apply/machine-state.ts';
import type { BackendCall } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { Lab } from '../evaluate/lab.ts';
import { suggestion } from '../evaluate/lab-error.ts';
import { desiredNow } from '../plan/desired-now.ts';
import { machineUnknown } from '../report/machine-unknown.ts';
import { maskData } from '../secret/mask.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';
import type { ReadState } from '../state/read-state.ts';
import type { PlannedStep } from './planned-step.ts';
import { resolveStep } from './resolve-step.ts';
import { checkSource, runQuietly } from './run-quietly.ts';

/** A step of a machine of the lab. */
export interface StepOfMachine {
  /** Name of the machine. */
  readonly machine: string;
  /** Name of the step: one of its own, or of the machine that it starts from. */
  readonly step: string;
}

/**
 * Runs a step on a machine as it is now, with the values that the last apply kept. Nothing of it is recorded: no layer and
 * no captured output; a plan sees the machine as before.
 *
 * @throws GoqemuError `machine-unknown`, `machine-not-running`, `step-unknown`, `source-unreadable`, and what running it
 * throws
 */
export async function runAgain(
  context: EngineContext,
  lab: Lab,
  wanted: StepOfMachine & { readonly signal?: AbortSignal },
): Promise<void> {
  const { machine, step: name } = wanted;
  const read = await context.read();
  const call = context.plainCall(read.state.lineage, `${machine}/${name}`, wanted.signal);
  const found = machineOf(read.state, machine);
  const planned = await declaredStep(context, lab, { ...wanted, read, call });
  await mustRun(context, found, call);
  const { spec, record } = found;
  try {
    const step = await resolveStep(planned, lateValues({ writer: { state: read.state }, vault: context.vault }));
    await checkSource(planned);
    await runQuietly({ backend: context.backend, call }, { spec, record: record ?? {}, planned, step });
  } catch (error) {
    if (wanted.signal?.aborted) throw error;
    throw masked(asGoqemuError(error), context.vault.sensitive);
  }
}

function masked(error: GoqemuError, secrets: readonly string[]): GoqemuError {
  const { message, detail = '', hint = '', data } = error;
  return changedError(error, maskData({ message, detail, hint, data }, secrets));
}

function machineOf({ resources }: LabState, name: string): MachineState {
  const machines = Object.values(resources.machine).filter(({ record }) => record !== null);
  const found = machines.find((machine) => machine.name === name);
  if (found) return found;
  throw machineUnknown(
    name,
    machines.map((machine) => machine.name),
  );
}

interface Looking extends StepOfMachine {
  readonly read: ReadState;
  readonly call: BackendCall;
}

async function declaredStep(
  context: EngineContext,
  lab: Lab,
  { machine, step, read, call }: Looking,
): Promise<PlannedStep> {
  const machines = await desiredNow(context, lab, read, call);
  const chain = machines.find(({ declaration }) => declaration.name === machine)?.chain ?? [];
  const found = chain.find((link) => link.step?.name === step)?.step;
  if (found) return found;
  throw new GoqemuError({
    code: 'step-unknown',
    source: 'user',
    subject: machine,
    message: `the lab has no step "${step}" on ${machine}`,
    hint: suggestion(
      step,
      chain.flatMap((link) => (link.step ? [link.step.name] : [])),
    ),
  });
}

async function mustRun({ backend }: EngineContext, machine: MachineState, call: BackendCall): Promise<void> {
  const { spec, record, name } = machine;
  const seen = (await backend.observe([{ machine: spec, record: record ?? {} }], call)).get(spec.name);
  const status = seen?.status ?? 'absent';
  if (status === 'running') return;
  throw new GoqemuError({
    code: 'machine-not-running',
    source: 'environment',
    subject: name,
    message: `machine ${name} is ${status}${seen?.reason ? `: ${seen.reason}` : ''}`,
    hint: `start it with "goqemu start ${name}"`,
  });
}
