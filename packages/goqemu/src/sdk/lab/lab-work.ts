import { GoqemuError, type Logger } from '@goqemu/core';
import type {
  ApplyOptions,
  Backend,
  Engine,
  ForwardChange,
  Lab,
  LabDefinition,
  Plan,
  PlanOptions,
  PowerVerb,
} from '@goqemu/lab';
import type { OperationOptions } from '../operation-options.ts';
import type { LabGuests } from './lab-guests.ts';
import { type PowerLabOptions, type PowerMachineOptions, readLabOptions } from './lab-options.ts';

/** What a lab in a script is made of. */
export interface LabParts {
  readonly engine: Engine;
  readonly backend: Backend;
  readonly definition: LabDefinition;
  readonly name: string;
  readonly stack: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly logger: Logger;
}

/** Plans and carries out what a script asks of its lab, and ends first what is under way in the guests that change. */
export class LabWork {
  readonly #parts: LabParts;
  readonly #guests: LabGuests;

  constructor(parts: LabParts, guests: LabGuests) {
    this.#parts = parts;
    this.#guests = guests;
  }

  async plan(options: PlanOptions): Promise<Plan> {
    return this.#parts.engine.plan(await this.#evaluate(options), options);
  }

  /** @throws GoqemuError `apply-failed` */
  async power(verb: PowerVerb, options: PowerLabOptions): Promise<void> {
    const read = readLabOptions('power', options);
    await this.carryOut(() => this.#parts.engine.planPower(verb, read.power), read.apply);
  }

  /** @throws GoqemuError `apply-failed` */
  async forward(change: ForwardChange, options: PowerMachineOptions): Promise<void> {
    const read = readLabOptions('power', options);
    await this.carryOut(() => this.#parts.engine.planForward(change, read.power), read.apply);
  }

  async runStep(machine: string, step: string, options: OperationOptions): Promise<void> {
    const lab = await this.#evaluate(options);
    await this.#parts.engine.runAgain(lab, { machine, step, ...interruptible(options) });
  }

  /**
   * @returns the outputs of the lab
   * @throws GoqemuError `apply-failed`
   */
  async carryOut(plan: () => Promise<Plan>, options: ApplyOptions): Promise<Readonly<Record<string, unknown>>> {
    const { result } = await this.#parts.engine.applyFresh(await plan(), {
      ...options,
      replan: plan,
      beforeApply: (current) => this.#closeGuests(current),
    });
    const { outcome, outputs, errors } = result;
    options.interrupt?.throwIfAborted();
    if (outcome === 'done') return outputs;
    const [first] = errors;
    throw new GoqemuError({
      code: 'apply-failed',
      source: first?.error.source ?? 'internal',
      message: `${first?.resource ?? this.#parts.name}: ${first?.error.message ?? outcome}`,
      ...(first?.error.detail === undefined ? {} : { detail: first.error.detail }),
      ...(first?.error.hint === undefined ? {} : { hint: first.error.hint }),
      data: { errors },
    });
  }

  #evaluate(options: OperationOptions): Promise<Lab> {
    const { engine, definition, parameters } = this.#parts;
    return engine.evaluate(definition, { parameters, ...interruptible(options) });
  }

  /** What is under way in guests that change ends. */
  async #closeGuests({ purpose, operations }: Plan): Promise<void> {
    if (purpose === 'apply') return this.#guests.closeAll('was changed by an apply');
    if (purpose === 'destroy') return this.#guests.closeAll('was destroyed');
    if (purpose === 'forward') return; // connections stay
    const machines = new Set(operations.map(({ resource }) => resource.name));
    await this.#guests.close([...machines], endedBy[purpose]);
  }
}

function interruptible({ signal }: OperationOptions): OperationOptions {
  return signal ? { signal } : {};
}

/** What has become of a machine, to a command that was under way in it. */
const endedBy: Readonly<Record<PowerVerb, string>> = {
  stop: 'was stopped',
  start: 'was started',
  restart: 'was restarted',
  suspend: 'was suspended',
  resume: 'was resumed',
};
