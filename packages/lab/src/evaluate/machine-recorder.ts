import { resolve } from 'node:path';
import { parseDuration, type SourceLocation } from '@goqemu/core';
import type { FileOptions, RunOptions, StepOptions } from '../definition/machine-options.ts';
import type { MachineReference } from '../definition/references.ts';
import type { WaitCondition } from '../step/resolved-step.ts';
import { lateValue } from '../value/late-value.ts';
import type { Text, TextInput } from '../value/text.ts';
import { checkWaitCondition } from './check-wait-condition.ts';
import type { CheckpointDeclaration, Dependency, StepDeclaration } from './lab.ts';
import { labError, locate, suggestion } from './lab-error.ts';
import { markPlace } from './source-location.ts';

/** Longest time that a step may take unless it says otherwise. */
const stepTimeout = '30 min';

export interface RecorderContext {
  readonly labFile: string;
  readonly labFolder: string;
  dependency(reference: MachineReference, place: () => SourceLocation | undefined): Dependency;
  text(input: TextInput, what: string, place: () => SourceLocation | undefined): Text;
}

/** Collects what the lab says about one machine, in the order in which it says it. */
export class MachineRecorder {
  readonly steps: StepDeclaration[] = [];
  readonly checkpoints: CheckpointDeclaration[] = [];
  readonly outputs = new Set<string>();
  readonly name: string;
  readonly hostname: string;
  readonly sshPort: number;
  readonly forwarded: Readonly<Record<string, string>>;
  readonly out: Readonly<Record<string, unknown>>;
  readonly at: Readonly<Record<string, unknown>>;
  readonly #context: RecorderContext;

  constructor(
    name: string,
    facts: { hostname: string; sshPort: number; forwards: Readonly<Record<string, { host: number }>> },
    context: RecorderContext,
  ) {
    this.name = name;
    this.hostname = facts.hostname;
    this.sshPort = facts.sshPort;
    this.#context = context;
    const addresses = Object.entries(facts.forwards).map(([forward, { host }]) => {
      const scheme = forward === 'http' || forward === 'https' ? `${forward}://` : '';
      return [forward, `${scheme}127.0.0.1:${host}`];
    });
    this.forwarded = this.#lookup('forward', () => Object.fromEntries(addresses));
    this.out = this.#lookup('output', () =>
      Object.fromEntries(
        [...this.outputs].map((output) => [output, lateValue({ capture: { machine: name, name: output } })]),
      ),
    );
    this.at = this.#lookup('checkpoint', () =>
      Object.fromEntries(this.checkpoints.map((one) => [one.name, { machine: name, checkpoint: one.name }])),
    );
  }

  run(name: string, script: TextInput, options: RunOptions = {}): this {
    return this.#add(name, options, (base, place) => ({
      ...base,
      kind: 'run',
      script: this.#context.text(script, `the script of ${this.name}/${name}`, place),
      interpreter: this.#guestPath(options.interpreter ?? '/bin/sh', 'interpreter', place),
    }));
  }

  capture(name: string, script: TextInput, options: RunOptions & { secret?: boolean } = {}): this {
    this.#add(name, options, (base, place) => ({
      ...base,
      kind: 'run',
      script: this.#context.text(script, `the script of ${this.name}/${name}`, place),
      interpreter: this.#guestPath(options.interpreter ?? '/bin/sh', 'interpreter', place),
      capture: { secret: options.secret === true },
    }));
    this.outputs.add(name);
    return this;
  }

  upload(
    name: string,
    source: string,
    destination: string,
    options: StepOptions & { mode?: number; owner?: string } = {},
  ): this {
    return this.#add(name, options, (base, place) => ({
      ...base,
      kind: 'upload',
      source: this.#hostPath(source, place),
      destination: this.#guestPath(destination, 'destination', place),
      mode: options.mode === undefined ? undefined : this.#mode(options.mode, place),
      owner: options.owner === undefined ? undefined : this.#owner(options.owner, place),
    }));
  }

  file(name: string, path: string, contents: TextInput, options: FileOptions = {}): this {
    return this.#add(name, options, (base, place) => ({
      ...base,
      kind: 'file',
      path: this.#guestPath(path, 'path', place),
      contents: this.#context.text(contents, `the contents of ${path}`, place),
      mode: this.#mode(options.mode ?? 0o644, place),
      owner: this.#owner(options.owner ?? 'root:root', place),
    }));
  }

  render(
    name: string,
    template: string,
    path: string,
    values: Readonly<Record<string, TextInput | number>>,
    options: FileOptions = {},
  ): this {
    return this.#add(name, options, (base, place) => ({
      ...base,
      kind: 'render',
      template: this.#hostPath(template, place),
      values: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [
          key,
          typeof value === 'number' ? [String(value)] : this.#context.text(value, `the value "${key}"`, place),
        ]),
      ),
      path: this.#guestPath(path, 'path', place),
      mode: this.#mode(options.mode ?? 0o644, place),
      owner: this.#owner(options.owner ?? 'root:root', place),
    }));
  }

  waitFor(name: string, condition: WaitCondition, options: StepOptions = {}): this {
    return this.#add(name, options, (base, place) => ({
      ...base,
      kind: 'waitFor',
      condition: locate(place, () => checkWaitCondition(condition, `${this.name}/${name}`)),
    }));
  }

  checkpoint(name: string): this {
    const place = markPlace(this.#context.labFile);
    if (typeof name !== 'string' || name === '' || name.length > 255 || /[\p{Cc}/\\]/u.test(name)) {
      throw labError(
        'checkpoint-name-invalid',
        `${this.name}: ${JSON.stringify(name)} is not a name for a checkpoint`,
        place(),
        'choose 1 to 255 characters without slashes and control characters',
        this.name,
      );
    }
    if (this.checkpoints.some((one) => one.name === name)) {
      throw labError(
        'checkpoint-duplicate',
        `${this.name} has two checkpoints called "${name}"`,
        place(),
        'give each checkpoint of a machine its own name',
        this.name,
      );
    }
    this.checkpoints.push(withPlace({ name, steps: this.steps.length }, place));
    return this;
  }

  #add(
    name: string,
    options: StepOptions,
    make: (base: StepBase, place: () => SourceLocation | undefined) => Omit<StepDeclaration, 'location'>,
  ): this {
    const place = markPlace(this.#context.labFile);
    if (typeof name !== 'string' || name === '' || name.length > 255 || /\p{Cc}/u.test(name)) {
      throw labError(
        'step-name-invalid',
        `${this.name}: ${JSON.stringify(name)} is not a name for a step`,
        place(),
        'choose 1 to 255 characters without control characters',
        this.name,
      );
    }
    if (this.steps.some((step) => step.name === name)) {
      throw labError(
        'step-duplicate',
        `${this.name} has two steps called "${name}"`,
        place(),
        'give each step of a machine its own name',
        this.name,
      );
    }
    this.steps.push(withPlace(make(this.#base(name, options, place), place), place) as StepDeclaration);
    return this;
  }

  #base(name: string, options: StepOptions, place: () => SourceLocation | undefined): StepBase {
    const environment: Record<string, Text> = {};
    for (const [variable, value] of Object.entries(options.environment ?? {})) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) {
        throw labError(
          'environment-invalid',
          `${this.name}/${name}: ${JSON.stringify(variable)} is not the name of an environment variable`,
          place(),
          'use letters, digits and underscores, not beginning with a digit',
        );
      }
      environment[variable] = this.#context.text(value, `the variable ${variable}`, place);
    }
    const cache = options.cache ?? 'always';
    return {
      name,
      user: this.#user(options.user ?? 'root', place),
      workingDirectory:
        options.workingDirectory === undefined
          ? undefined
          : this.#guestPath(options.workingDirectory, 'workingDirectory', place),
      environment,
      timeoutMs: locate(place, () => parseDuration(options.timeout ?? stepTimeout, `${this.name}/${name}: timeout`)),
      cache:
        typeof cache === 'string'
          ? cache
          : { ttlMs: locate(place, () => parseDuration(cache.ttl, `${this.name}/${name}: cache.ttl`)) },
      after: referencesOf(options.after).map((reference) => this.#context.dependency(reference, place)),
    };
  }

  #hostPath(path: string, place: () => SourceLocation | undefined): string {
    if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(this.#context.labFolder, path);
    throw labError(
      'path-invalid',
      `${this.name}: ${JSON.stringify(path)} is not a path`,
      place(),
      'name a file or a folder',
    );
  }

  #guestPath(path: string, option: string, place: () => SourceLocation | undefined): string {
    if (typeof path === 'string' && path.startsWith('/') && !path.includes('\0')) return path;
    throw labError(
      'path-invalid',
      `${this.name}: ${option} must be an absolute path in the guest, got ${JSON.stringify(path)}`,
      place(),
      'write a path that begins with "/"',
    );
  }

  #mode(mode: number, place: () => SourceLocation | undefined): number {
    if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
    throw labError(
      'mode-invalid',
      `${this.name}: mode must be permission bits from 0 to 0o7777, got ${JSON.stringify(mode)}`,
      place(),
      'write an octal number such as 0o644',
    );
  }

  #owner(owner: string, place: () => SourceLocation | undefined): string {
    if (/^[a-z_][a-z0-9_.-]*\$?(:[a-z_][a-z0-9_.-]*\$?)?$/i.test(owner)) return owner;
    throw labError(
      'owner-invalid',
      `${this.name}: owner must be "user" or "user:group", got ${JSON.stringify(owner)}`,
      place(),
      'write "www-data:www-data"',
    );
  }

  #user(user: string, place: () => SourceLocation | undefined): string {
    if (/^[a-z_][a-z0-9_.-]*\$?$/i.test(user)) return user;
    throw labError(
      'user-invalid',
      `${this.name}: ${JSON.stringify(user)} is not a user name`,
      place(),
      'write a name such as "debian"',
    );
  }

  /** An object whose unknown properties are errors with the place and the nearest name. */
  #lookup<T>(what: string, known: () => Record<string, T>): Readonly<Record<string, T>> {
    return new Proxy({} as Record<string, T>, {
      get: (_target, property) => {
        if (typeof property === 'symbol') return undefined;
        const values = known();
        if (Object.hasOwn(values, property)) return values[property];
        throw labError(
          `${what}-unknown`,
          `${this.name} has no ${what} "${property}"`,
          markPlace(this.#context.labFile)(),
          suggestion(property, Object.keys(values)),
          this.name,
        );
      },
      ownKeys: () => Object.keys(known()),
      getOwnPropertyDescriptor: (_target, property) => {
        const values = known();
        return typeof property === 'string' && Object.hasOwn(values, property)
          ? { value: values[property], enumerable: true, configurable: true }
          : undefined;
      },
    });
  }
}

type StepBase = Pick<
  StepDeclaration,
  'name' | 'user' | 'workingDirectory' | 'environment' | 'timeoutMs' | 'cache' | 'after'
>;

export function referencesOf(
  after: MachineReference | readonly MachineReference[] | undefined,
): readonly MachineReference[] {
  if (after === undefined) return [];
  return Array.isArray(after) ? after : [after as MachineReference];
}

/** Adds `location`, worked out when somebody asks. */
export function withPlace<T extends object>(
  value: T,
  place: () => SourceLocation | undefined,
): T & { readonly location: SourceLocation | undefined } {
  return Object.defineProperty(value, 'location', { get: place, enumerable: false }) as T & {
    readonly location: SourceLocation | undefined;
  };
}
