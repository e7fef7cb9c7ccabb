import { resolve } from 'node:path';
import {
  type ApplyOptions,
  type ApplyResult,
  Engine,
  type EngineEvent,
  type Lab,
  type LabDefinition,
  MemoryStateStorage,
  type Plan,
  type PlanOptions,
} from '@goqemu/lab';
import { FakeBackend, type FakeBackendOptions } from './fake-backend.ts';
import { FakeHost } from './fake-host.ts';

/** What a bench of labs works with: faults, storage, and the file that labs are said to be in. */
export interface LabBenchOptions extends Omit<FakeBackendOptions, 'host'> {
  /** Absolute path of the lab's file; paths in the lab are relative to its folder. @default './lab.ts' */
  readonly labFile?: string;
  readonly stack?: string;
  /** What secrets from environment variables see. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly promptSecret?: (question: string) => Promise<string>;
}

/**
 * Plans and applies labs on a fake host, in memory and in milliseconds: for unit tests of a lab.
 *
 * @example
 * const bench = new LabBench();
 * await bench.apply(lab, { parameters: { workers: 2 } });
 * assert.equal(bench.host.machines.size, 3);
 * assert.deepEqual((await bench.plan(lab, { parameters: { workers: 2 } })).operations, []);
 */
export class LabBench {
  readonly host = new FakeHost();
  /** @internal */
  readonly storage = new MemoryStateStorage();
  readonly events: EngineEvent[] = [];
  /** The clock, in milliseconds since 1970: each look at it moves it on by one. */
  now = Date.UTC(2026, 0, 1);
  environment: Record<string, string | undefined>;
  readonly #options: LabBenchOptions;
  #random = 0;

  constructor(options: LabBenchOptions = {}) {
    this.#options = options;
    this.environment = { ...options.environment };
  }

  /** @internal An engine as a new process would have it: everything that it knows comes from the storage and the host. */
  engine(lab = 'lab', backend: FakeBackendOptions = this.#options): Engine {
    const labFile = this.#options.labFile ?? resolve('lab.ts');
    return new Engine({
      backend: new FakeBackend({ ...backend, host: this.host }),
      lab,
      labFile,
      labFolder: resolve(labFile, '..'),
      stateFolder: resolve(labFile, '..', '.goqemu'),
      home: resolve(labFile, '..', '.home'),
      command: 'test',
      storage: this.storage,
      emit: (event) => this.events.push(event),
      clock: { now: () => this.now++ },
      random: (bytes) => Buffer.alloc(bytes, ++this.#random % 256),
      environment: this.environment,
      ...(this.#options.stack === undefined ? {} : { stack: this.#options.stack }),
      ...(this.#options.promptSecret ? { promptSecret: this.#options.promptSecret } : {}),
    });
  }

  /** @internal */
  evaluate(definition: LabDefinition, parameters: Readonly<Record<string, unknown>> = {}): Promise<Lab> {
    return this.engine(definition.name).evaluate(definition, { parameters });
  }

  async plan(
    definition: LabDefinition,
    options: PlanOptions & { readonly parameters?: Readonly<Record<string, unknown>> } = {},
  ): Promise<Plan> {
    const { parameters = {}, ...planOptions } = options;
    return this.engine(definition.name).plan(await this.evaluate(definition, parameters), planOptions);
  }

  /** Plans and applies. @throws the first error of an operation */
  async apply(
    definition: LabDefinition,
    options: PlanOptions & ApplyOptions & { readonly parameters?: Readonly<Record<string, unknown>> } = {},
  ): Promise<{ readonly plan: Plan; readonly result: ApplyResult }> {
    const applied = await this.tryApply(definition, options);
    const [first] = applied.result.errors;
    if (first) throw new Error(`${first.resource}: ${first.error.message}`, { cause: first.error });
    return applied;
  }

  /** Plans and applies; errors of operations are in the result. */
  async tryApply(
    definition: LabDefinition,
    options: PlanOptions & ApplyOptions & { readonly parameters?: Readonly<Record<string, unknown>> } = {},
  ): Promise<{ readonly plan: Plan; readonly result: ApplyResult }> {
    const engine = this.engine(definition.name);
    const { parameters = {} } = options;
    const plan = await engine.plan(await engine.evaluate(definition, { parameters }), options);
    return { plan, result: await engine.apply(plan, options) };
  }

  async destroy(definition: LabDefinition): Promise<ApplyResult> {
    const engine = this.engine(definition.name);
    return engine.apply(await engine.planDestroy());
  }
}
