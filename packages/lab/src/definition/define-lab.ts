import { checkResourceName, GoqemuError, type SourceLocation } from '@goqemu/core';
import type { z } from 'zod';
import { checkOptions } from '../evaluate/check-options.ts';
import { locate } from '../evaluate/lab-error.ts';
import { markPlace } from '../evaluate/source-location.ts';
import type { LabOptions } from './lab-options.ts';
import type { LayerOptions } from './layer-options.ts';
import type { MachineBuilder } from './machine-builder.ts';
import type { MachineOptions, StartsFrom, TemplateOptions } from './machine-options.ts';
import type { CardNames, LabNetwork, NetworkOptions, NetworksOption } from './network-options.ts';
import type { TimeoutOptions } from './timeout-options.ts';

/** What a lab's program is given to describe machines with. */
export interface LabBuilder {
  /** The lab's name. */
  readonly name: string;
  /** The stack that is planned: `default`, or the name of another instance. */
  readonly stack: string;
  /**
   * A virtual machine, by a name that is an RFC 1123 label. Without options it is a Debian 12.
   *
   * @throws GoqemuError `name-invalid`, `option-unknown`, and others that name the option
   * @example
   * const web = lab.vm('web', { memory: '1 GiB', forward: { http: 80 } });
   */
  vm<
    Name extends string,
    Forward extends string = never,
    const Networks extends NetworksOption = Record<never, never>,
    Before extends string = never,
  >(
    name: Name,
    options?: MachineOptions<Forward, Networks> & StartsFrom<Before>,
  ): MachineBuilder<never, never, Forward, CardNames<Networks>, Name, Before>;
  /**
   * A machine that is provisioned, checkpointed and stopped: a base for others.
   *
   * @example
   * const base = lab.template('base').run('nginx', 'apt-get install -y nginx').checkpoint('installed');
   * lab.vm('web', { from: base.at.installed });
   */
  template<Name extends string, Before extends string = never>(
    name: Name,
    options?: TemplateOptions & StartsFrom<Before>,
  ): MachineBuilder<never, never, never, never, Name, Before>;
  /**
   * A network between machines of the lab, by a name that is an RFC 1123 label. It is a link of its own: nothing leads
   * out of it, and nothing into it.
   *
   * @throws GoqemuError `network-duplicate`, `network-overlap`, `name-invalid`, `option-unknown`, and others that name
   * the option
   * @example
   * const lan = lab.network('lan', { cidr: '10.40.0.0/24' });
   * const db = lab.vm('db', { networks: { lan } });
   * lab.vm('web', { networks: { lan } }).run('ping', `ping -c 1 ${db.ip.lan}`);
   */
  network<const Name extends string>(name: Name, options?: NetworkOptions): LabNetwork<Name>;
}

const brand = Symbol.for('goqemu.lab');

/** A lab as `lab.ts` exports it: nothing has been evaluated yet. */
export interface LabDefinition<Parameters = unknown, Outputs = unknown, Input = unknown> {
  readonly name: string;
  readonly params: z.ZodType<Parameters, Input> | undefined;
  readonly layers?: LayerOptions;
  readonly timeouts?: TimeoutOptions;
  /** A method, so that a lab with parameters of its own is still a lab to its evaluator. */
  program(lab: LabBuilder, params: Parameters): Outputs;
  readonly location: SourceLocation | undefined;
}

/**
 * Describes a lab. The program runs at every plan: it must do nothing but describe, and give the same
 * description each time. What it returns are the lab's outputs. Of a machine that is its name; the names of the machines
 * that it returns, of their steps and their checkpoints are known to the types of `openLab` and of tests.
 *
 * @throws GoqemuError `lab-invalid`, `name-invalid`, `option-unknown`
 * @example
 * export default defineLab({ name: 'hello' }, (lab) => {
 *   const web = lab.vm('web').run('nginx', 'apt-get update && apt-get install -y nginx').checkpoint('ready');
 *   return { ssh: web.sshPort };
 * });
 */
export function defineLab<Outputs, Schema extends z.ZodType = z.ZodObject>(
  options: LabOptions<Schema>,
  program: (lab: LabBuilder, params: z.output<Schema>) => Outputs,
): LabDefinition<z.output<Schema>, Outputs, z.input<Schema>> {
  const place = markPlace();
  if (typeof options?.name !== 'string' || typeof program !== 'function') {
    const location = place();
    throw new GoqemuError({
      code: 'lab-invalid',
      source: 'user',
      message: 'defineLab expects options with a name, and a function that describes the machines',
      hint: "write defineLab({ name: 'hello' }, (lab) => { lab.vm('web'); })",
      ...(location ? { location } : {}),
    });
  }
  checkOptions('defineLab', options, { place });
  locate(place, () => checkResourceName(options.name, 'the lab'));
  const definition: LabDefinition<z.output<Schema>, Outputs, z.input<Schema>> = {
    name: options.name,
    params: options.params as z.ZodType<z.output<Schema>, z.input<Schema>> | undefined,
    ...(options.layers === undefined ? {} : { layers: options.layers }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    program,
    get location() {
      return place(); // worked out for errors alone
    },
  };
  return Object.freeze(Object.defineProperty(definition, brand, { value: true }));
}

/** A guard instead of `instanceof`: a lab may carry a second instance of this module. */
export function isLabDefinition(value: unknown): value is LabDefinition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
