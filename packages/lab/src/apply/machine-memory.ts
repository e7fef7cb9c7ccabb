import { GoqemuError } from '@goqemu/core';
import type { Backend, BackendCall } from '../backend/backend.ts';
import { isOfMachine } from '../plan/machine-operation.ts';
import { memoryFor } from '../plan/work.ts';
import type { Operation } from '../resource/operation.ts';
import { type MachineState, observable } from '../state/lab-state.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { MemoryAdmission } from './memory-admission.ts';

/** The memory that operations need to have a machine running; none for what starts no machine. */
export class MachineMemory {
  readonly #admission: MemoryAdmission;

  private constructor(admission: MemoryAdmission) {
    this.#admission = admission;
  }

  /** Looks at the machines that run, if any operation starts one. */
  static async open(
    backend: Backend,
    operations: readonly Operation[],
    { state }: StateWriter,
    call: BackendCall,
  ): Promise<MachineMemory> {
    if (operations.every((operation) => neededBy(operation) === undefined))
      return new MachineMemory(new MemoryAdmission(Number.POSITIVE_INFINITY, new Map()));
    const machines = observable(state);
    const [budget, running] = await Promise.all([backend.memoryBudget(call), runningOf(backend, machines, call)]);
    return new MachineMemory(
      new MemoryAdmission(budget, new Map(running.map((machine) => [machine.name, machine.spec.memory]))),
    );
  }

  /** Takes the memory that an operation needs when it is there. */
  admit(operation: Operation): boolean {
    const bytes = neededBy(operation);
    return bytes === undefined || this.#admission.admit(operation.resource.name, bytes);
  }

  /** Gives back what a machine that was stopped or deleted held. */
  ended(operation: Operation): void {
    if (!isOfMachine(operation)) return;
    const { verb } = operation.work;
    if (verb === 'stop' || verb === 'suspend' || verb === 'delete') this.#admission.release(operation.resource.name);
  }
}

function neededBy(operation: Operation): number | undefined {
  return isOfMachine(operation) ? memoryFor(operation.work) : undefined;
}

async function runningOf(
  backend: Backend,
  machines: readonly MachineState[],
  call: BackendCall,
): Promise<readonly MachineState[]> {
  if (machines.length === 0) return [];
  const looked = machines.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} }));
  const observed = await backend.observe(looked, call);
  return machines.filter((machine) => ['running', 'paused'].includes(observed.get(machine.spec.name)?.status ?? ''));
}

export function memoryShort({ resource: { name } }: Operation): GoqemuError {
  return new GoqemuError({
    code: 'memory-short',
    source: 'environment',
    subject: name,
    message: `there is no memory left to start ${name}`,
    hint: 'stop other machines, or give this one less memory',
  });
}
