import { parseDuration, type SourceLocation } from '@goqemu/core';
import type { WaitCondition } from '@goqemu/spec';
import type { MachineBuilder } from '../definition/machine-builder.ts';
import type { CaptureOptions, FileOptions, RunOptions, StepOptions } from '../definition/machine-options.ts';
import type { CheckpointReference, MachineReference } from '../definition/references.ts';
import { type LateValue, lateValue } from '../value/late-value.ts';
import type { Text, TextInput } from '../value/text.ts';
import { checkOptionNames, checkOptions, type Names, stepOptions } from './check-options.ts';
import { StepOptionChecks } from './check-step-options.ts';
import { checkWaitCondition } from './check-wait-condition.ts';
import { knownNames } from './known-names.ts';
import type { CheckpointDeclaration, Dependency, MachineDeclaration, StepDeclaration } from './lab.ts';
import { labError, locate, suggestion } from './lab-error.ts';
import { markPlace } from './source-location.ts';

/** Longest time that a step may take unless it says otherwise. */
const stepTimeout = '30 min';
/** The same for a reboot, in milliseconds: a guest that hangs in one tells nothing. */
const rebootTimeoutMs = 10 * 60_000;
type RebootOptions = NonNullable<Parameters<MachineBuilder['reboot']>[1]>;
const rebootOptions: Names<RebootOptions> = { timeout: true, after: true, cache: true };

export interface RecorderContext {
  readonly labFile: string;
  readonly labFolder: string;
  dependency(reference: MachineReference, place: () => SourceLocation | undefined): Dependency;
  text(input: TextInput, what: string, place: () => SourceLocation | undefined): Text;
}

/**
 * The builder's properties and the arguments of its methods. What a method returns is left out: there the builder's
 * types grow by a name, and the recorder stays the same object.
 */
export type Recorded<Builder> = {
  readonly [K in keyof Builder]: Builder[K] extends (...given: infer Given) => unknown
    ? (...given: Given) => unknown
    : Builder[K];
};

/** Collects what the lab says about one machine, in the order in which it says it. */
export class MachineRecorder implements Recorded<MachineBuilder<string, string, string, string>> {
  readonly steps: StepDeclaration[] = [];
  readonly checkpoints: CheckpointDeclaration[] = [];
  readonly outputs = new Set<string>();
  readonly name: string;
  readonly hostname: string;
  readonly sshPort: number;
  readonly forwarded: Readonly<Record<string, string>>;
  readonly ip: Readonly<Record<string, string>>;
  readonly ip6: Readonly<Record<string, string>>;
  readonly out: Readonly<Record<string, LateValue>>;
  readonly at: Readonly<Record<string, CheckpointReference>>;
  readonly #context: RecorderContext;

  constructor(
    name: string,
    { identity, forwards }: Pick<MachineDeclaration, 'identity' | 'forwards'>,
    context: RecorderContext,
  ) {
    this.name = name;
    this.hostname = identity.hostname;
    this.sshPort = identity.sshPort;
    this.#context = context;
    const addresses = Object.entries(forwards).map(([forward, { host }]) => {
      const scheme = forward === 'http' || forward === 'https' ? `${forward}://` : '';
      return [forward, `${scheme}127.0.0.1:${host}`];
    });
    this.forwarded = this.#lookup('forward', () => Object.fromEntries(addresses));
    const { cards = [] } = identity;
    this.ip = this.#lookup('network', () => Object.fromEntries(cards.map((card) => [card.name, card.ip])));
    this.ip6 = this.#lookup('network', () =>
      Object.fromEntries(cards.flatMap((card) => (card.ip6 === undefined ? [] : [[card.name, card.ip6]]))),
    );
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
    return this.#add({ kind: 'run', names: stepOptions.run }, name, options, (base, place, check) => ({
      ...base,
      kind: 'run',
      script: this.#context.text(script, `the script of ${this.name}/${name}`, place),
      interpreter: check.guestPath(options.interpreter ?? '/bin/sh', 'interpreter'),
    }));
  }

  capture(name: string, script: TextInput, options: CaptureOptions = {}): this {
    this.#add({ kind: 'capture', names: stepOptions.capture }, name, options, (base, place, check) => ({
      ...base,
      kind: 'run',
      script: this.#context.text(script, `the script of ${this.name}/${name}`, place),
      interpreter: check.guestPath(options.interpreter ?? '/bin/sh', 'interpreter'),
      capture: { secret: check.flag(options.secret ?? false, 'secret') },
      maxBytes: options.maxBytes === undefined ? undefined : check.maxBytes(options.maxBytes),
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
    return this.#add({ kind: 'upload', names: stepOptions.placed }, name, options, (base, _place, check) => ({
      ...base,
      kind: 'upload',
      source: check.hostPath(source),
      destination: check.guestPath(destination, 'destination'),
      mode: options.mode === undefined ? undefined : check.mode(options.mode),
      owner: options.owner === undefined ? undefined : check.owner(options.owner),
    }));
  }

  file(name: string, path: string, contents: TextInput, options: FileOptions = {}): this {
    return this.#add({ kind: 'file', names: stepOptions.placed }, name, options, (base, place, check) => ({
      ...base,
      kind: 'file',
      path: check.guestPath(path, 'path'),
      contents: this.#context.text(contents, `the contents of ${path}`, place),
      mode: check.mode(options.mode ?? 0o644),
      owner: check.owner(options.owner ?? 'root:root'),
    }));
  }

  render(
    name: string,
    template: string,
    path: string,
    values: Readonly<Record<string, TextInput | number>>,
    options: FileOptions = {},
  ): this {
    return this.#add({ kind: 'render', names: stepOptions.placed }, name, options, (base, place, check) => ({
      ...base,
      kind: 'render',
      template: check.hostPath(template),
      values: Object.fromEntries(
        Object.entries(check.named(values, 'values', 'port: 8080')).map(([key, value]) => [
          key,
          typeof value === 'number' ? [String(value)] : this.#context.text(value, `the value "${key}"`, place),
        ]),
      ),
      path: check.guestPath(path, 'path'),
      mode: check.mode(options.mode ?? 0o644),
      owner: check.owner(options.owner ?? 'root:root'),
    }));
  }

  waitFor(name: string, condition: WaitCondition, options: StepOptions = {}): this {
    return this.#add({ kind: 'waitFor', names: stepOptions.step }, name, options, (base, place) => ({
      ...base,
      kind: 'waitFor',
      condition: locate(place, () => checkWaitCondition(condition, `${this.name}/${name}`)),
    }));
  }

  reboot(name: string, options: RebootOptions = {}): this {
    return this.#add({ kind: 'reboot', names: rebootOptions }, name, options, (base) => ({
      ...base,
      kind: 'reboot',
      timeoutMs: options.timeout === undefined ? rebootTimeoutMs : base.timeoutMs,
    }));
  }

  checkpoint(name: string): this {
    const place = markPlace(this.#context.labFile);
    const forbidden = { characters: /[\p{Cc}/\\]/u, words: 'slashes and control characters' };
    this.#checks(place).newName('checkpoint', name, this.checkpoints, forbidden);
    this.checkpoints.push(withPlace({ name, steps: this.steps.length }, place));
    return this;
  }

  #add(
    known: { readonly kind: string; readonly names: Readonly<Record<string, true>> },
    name: string,
    options: StepOptions,
    make: (
      base: StepBase,
      place: () => SourceLocation | undefined,
      check: StepOptionChecks,
    ) => Omit<StepDeclaration, 'location'>,
  ): this {
    const place = markPlace(this.#context.labFile);
    const check = this.#checks(place);
    checkOptionNames(known, options, { subject: `${this.name}/${String(name)}`, place });
    check.newName('step', name, this.steps, { characters: /\p{Cc}/u, words: 'control characters' });
    this.steps.push(withPlace(make(this.#base(name, options, place, check), place, check), place) as StepDeclaration);
    return this;
  }

  #base(
    name: string,
    options: StepOptions,
    place: () => SourceLocation | undefined,
    check: StepOptionChecks,
  ): StepBase {
    const environment: Record<string, Text> = {};
    for (const [variable, value] of Object.entries(
      check.named(options.environment ?? {}, 'environment', "LANG: 'C.UTF-8'"),
    )) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) {
        throw labError('environment-invalid', {
          message: `${this.name}/${name}: ${JSON.stringify(variable)} is not the name of an environment variable`,
          location: place(),
          hint: 'use letters, digits and underscores, not beginning with a digit',
        });
      }
      environment[variable] = this.#context.text(value, `the variable ${variable}`, place);
    }
    const cache = options.cache ?? 'always';
    if (cache !== 'always' && cache !== 'never')
      checkOptions('cache', cache, { subject: `${this.name}/${name}`, place });
    return {
      name,
      user: check.user(options.user ?? 'root'),
      workingDirectory:
        options.workingDirectory === undefined
          ? undefined
          : check.guestPath(options.workingDirectory, 'workingDirectory'),
      environment,
      timeoutMs: locate(place, () => parseDuration(options.timeout ?? stepTimeout, `${this.name}/${name}: timeout`)),
      cache:
        typeof cache === 'string'
          ? cache
          : { ttlMs: locate(place, () => parseDuration(cache.ttl, `${this.name}/${name}: cache.ttl`)) },
      after: referencesOf(options.after).map((reference) => this.#context.dependency(reference, place)),
    };
  }

  #lookup<T>(
    what: 'output' | 'checkpoint' | 'forward' | 'network',
    known: () => Record<string, T>,
  ): Readonly<Record<string, T>> {
    return knownNames(known, (name, names) =>
      labError(`${what}-unknown`, {
        message: `${this.name} has no ${what} "${name}"`,
        location: markPlace(this.#context.labFile)(),
        hint: suggestion(name, names),
        subject: this.name,
      }),
    );
  }

  #checks(place: () => SourceLocation | undefined): StepOptionChecks {
    return new StepOptionChecks(this.name, this.#context.labFolder, place);
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

/** Adds `location`, worked out on first access. */
export function withPlace<T extends object>(
  value: T,
  place: () => SourceLocation | undefined,
): T & { readonly location: SourceLocation | undefined } {
  return Object.defineProperty(value, 'location', { get: place, enumerable: false }) as T & {
    readonly location: SourceLocation | undefined;
  };
}
