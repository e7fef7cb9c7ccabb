import { type Duration, type Logger, parseDuration } from '@goqemu/core';
import type { ApplyOptions, EngineEvent, LabDefinition, PlanOptions, PowerOptions } from '@goqemu/lab';
import { z } from 'zod';
import { duration } from '../guest/duration-option.ts';
import { readOptions } from '../guest/invalid-option.ts';
import type { OperationOptions } from '../operation-options.ts';
import type { LabParameters, MachineName } from './lab-types.ts';

/** Options of {@link openLab}. */
export interface OpenLabOptions<Definition extends LabDefinition = LabDefinition> {
  /**
   * Which instance of the lab. A fork is one, too.
   *
   * @default 'default'
   * @example 'staging'
   */
  readonly stack?: string;
  /**
   * Values for the lab's parameters.
   *
   * @default the defaults of the lab's schema
   * @example { workers: 3 }
   */
  readonly parameters?: LabParameters<Definition>;
  /** Receives what the engine does, as `--events` writes it. @default none */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Receives what goqemu logs. @default silent */
  readonly logger?: Logger;
  /**
   * Asks for the value of a secret with `{ prompt }`. Without it, a lab with such a secret fails with `secret-missing`.
   *
   * @default none
   * @example (question) => readline.question(question)
   */
  readonly promptSecret?: (question: string) => Promise<string>;
}

/** Which machines of a lab; options that are left out select all. */
export interface SelectMachinesOptions<Definition extends LabDefinition = LabDefinition> extends OperationOptions {
  /** Only these machines, and what they depend on. @default all @example ['web'] */
  readonly target?: readonly MachineName<Definition>[];
  /** Not these machines, and nothing that depends on them. @default none @example ['db'] */
  readonly exclude?: readonly MachineName<Definition>[];
}

/** Options of {@link RunningLab.plan}. */
export interface PlanLabOptions<Definition extends LabDefinition = LabDefinition>
  extends SelectMachinesOptions<Definition> {
  /** Recreate these machines even if they are unchanged. @default none @example ['web'] */
  readonly replace?: readonly MachineName<Definition>[];
  /** Start machines that were stopped, suspended or paused on purpose. @default false, they are left so */
  readonly start?: boolean;
}

/** How the operations of a plan are carried out. */
export interface CarryOutOptions {
  /** Operations at a time, 1 to 64. @default 4 */
  readonly parallel?: number;
  /** How long to wait for another goqemu that holds the lab's lock, up to 24 h. @default 0, do not wait @example '2 min' */
  readonly lockWait?: Duration;
}

/** Options of {@link RunningLab.apply}. */
export interface ApplyLabOptions<Definition extends LabDefinition = LabDefinition>
  extends PlanLabOptions<Definition>,
    CarryOutOptions {}

/** Options of {@link LabMachine.stop} and the other verbs of its power. */
export interface PowerMachineOptions extends OperationOptions, Pick<CarryOutOptions, 'lockWait'> {}

/** Options of {@link RunningLab.stop} and the other verbs of the machines' power. */
export interface PowerLabOptions<Definition extends LabDefinition = LabDefinition>
  extends OperationOptions,
    CarryOutOptions {
  /** Names of machines. @default all of the lab @example ['web'] */
  readonly machines?: readonly MachineName<Definition>[];
}

/** Options of {@link RunningLab.destroy}. */
export interface DestroyLabOptions<Definition extends LabDefinition = LabDefinition>
  extends SelectMachinesOptions<Definition>,
    CarryOutOptions {}

/** Which machines a checkpoint, a restore or a fork is about. */
export interface MachineSelection<Definition extends LabDefinition = LabDefinition>
  extends OperationOptions,
    Pick<CarryOutOptions, 'lockWait'> {
  /** Names of machines. @default all of them @example ['web'] */
  readonly machines?: readonly MachineName<Definition>[];
}

/** Options of {@link RunningLab.fork} and {@link RunningLab.forks}. */
export interface ForkLabOptions<Definition extends LabDefinition = LabDefinition> extends MachineSelection<Definition> {
  /** Name of its stack; several forks are numbered. @default the checkpoint's name @example 'upgrade' */
  readonly name?: string;
}

const dayMs = 86_400_000;
const names = z.array(z.string().min(1)).readonly().optional();
const signal = z.instanceof(AbortSignal, { message: 'expected an AbortSignal' }).optional();
const selection = { target: names, exclude: names, signal };
const planned = { replace: names, start: z.boolean().optional() };
const lockWait = duration
  .refine((value) => parseDuration(value, 'lockWait') <= dayMs, 'expected at most 24 h')
  .optional();
const carryOut = { parallel: z.int().min(1).max(64).optional(), lockWait };
const machineSelection = z.strictObject({ machines: names, signal, lockWait });
const schemas = {
  plan: z.strictObject({ ...selection, ...planned }),
  apply: z.strictObject({ ...selection, ...planned, ...carryOut }),
  power: z.strictObject({ machines: names, signal, ...carryOut }),
  destroy: z.strictObject({ ...selection, ...carryOut }),
};

/**
 * The options of a verb, as the engine takes them.
 *
 * @throws GoqemuError `option-invalid`
 */
export function readLabOptions(
  verb: keyof typeof schemas,
  given: ApplyLabOptions | PowerLabOptions,
): { readonly plan: PlanOptions; readonly power: PowerOptions; readonly apply: ApplyOptions } {
  const read = readOptions(schemas[verb], given, verb) as ApplyLabOptions & PowerLabOptions;
  const { target, exclude, replace: replaced, start, machines, parallel, lockWait, signal: interrupt } = read;
  return {
    plan: {
      ...(target?.length ? { target } : {}),
      ...(exclude?.length ? { exclude } : {}),
      ...(replaced?.length ? { replace: replaced } : {}),
      ...(start ? { start } : {}),
      ...(interrupt ? { signal: interrupt } : {}),
    },
    power: {
      ...(machines?.length ? { machines } : {}),
      ...(interrupt ? { signal: interrupt } : {}),
    },
    apply: {
      ...(interrupt ? { interrupt } : {}),
      ...(parallel === undefined ? {} : { parallel }),
      ...(lockWait === undefined ? {} : { lockWaitMs: parseDuration(lockWait, 'lockWait') }),
    },
  };
}

/**
 * The options of a checkpoint, a restore or a fork, as the engine takes them.
 *
 * @throws GoqemuError `option-invalid`
 */
export function readMachineSelection(
  verb: 'checkpoint' | 'restore' | 'fork',
  given: OperationOptions & { readonly machines?: readonly string[]; readonly lockWait?: Duration },
): { readonly machines?: readonly string[]; readonly lockWaitMs?: number; readonly signal?: AbortSignal } {
  const { machines, signal: interrupt, lockWait: wait } = readOptions(machineSelection, given, verb) as typeof given;
  return {
    ...(machines ? { machines } : {}),
    ...(wait === undefined ? {} : { lockWaitMs: parseDuration(wait, 'lockWait') }),
    ...(interrupt ? { signal: interrupt } : {}),
  };
}
