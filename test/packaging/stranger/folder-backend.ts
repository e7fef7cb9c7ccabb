import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  type Backend,
  type BackendCall,
  type BackendCapabilities,
  type BackendRecord,
  type CollectedLayers,
  type CutLayer,
  type CutResult,
  type DoctorFact,
  GoqemuError,
  type GuestCredentials,
  type LabFootprint,
  type MachineOrigin,
  type MachineSpec,
  type ObservedMachine,
  type PortProblem,
  type Preflight,
  type ResolvedImage,
  type ResolvedStep,
  type SshAddress,
  type SshFiles,
  type StepResult,
  type StoredLayer,
  type SurveyedLayer,
} from 'goqemu/backend';

/** What a machine or a layer is, beside the folder that is its disk. */
interface Facts {
  readonly name: string;
  readonly running: boolean;
  readonly layer?: string;
  readonly descriptions: readonly string[];
  readonly createdAt: string;
}

/**
 * Somebody else's backend, by goqemu/backend alone: a machine is a folder, its guest the host's shell with that folder for
 * `/root`, and a layer a copy of it. For one lab at a time.
 */
export class FolderBackend implements Backend {
  readonly kind = 'folders';
  readonly architecture = 'amd64';
  readonly capabilities: BackendCapabilities = {
    ramLayers: false,
    suspendMachines: false,
    importMachines: false,
    coalesceLayers: false,
    flattenLayers: false,
    liveForwards: false,
    networks: false,
  };
  readonly #base: string;
  #lineage = '';

  constructor(base: string) {
    this.#base = base;
  }

  async resolveImage(reference: string): Promise<ResolvedImage> {
    if (reference !== 'empty') throw refused('image-unknown', reference, `there is no image "${reference}"`);
    return { reference, key: 'empty-1', description: 'an empty folder', present: true, user: 'nobody' };
  }

  async ensureImage(image: ResolvedImage): Promise<ResolvedImage> {
    return image;
  }

  async create(machine: MachineSpec, origin: MachineOrigin, { scope }: BackendCall): Promise<BackendRecord> {
    this.#lineage = scope.lineage;
    const folder = this.#machine(machine);
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, 'root'), { recursive: true });
    const from = 'layer' in origin ? { layer: origin.layer } : {};
    if ('layer' in origin) await cp(join(this.#layer(origin.layer), 'root'), join(folder, 'root'), { recursive: true });
    await write(folder, { name: machine.name, running: false, descriptions: [], createdAt: now(), ...from });
    return { folder };
  }

  async start(machine: MachineSpec, record: BackendRecord): Promise<BackendRecord> {
    await this.#change(machine, { running: true });
    return record;
  }

  async stop(machine: MachineSpec, record: BackendRecord): Promise<BackendRecord> {
    await this.#change(machine, { running: false });
    return record;
  }

  async delete(machine: MachineSpec): Promise<void> {
    await rm(this.#machine(machine), { recursive: true, force: true });
  }

  async observe(machines: readonly { readonly machine: MachineSpec }[]): Promise<ReadonlyMap<string, ObservedMachine>> {
    const observed = machines.map(async ({ machine }): Promise<readonly [string, ObservedMachine]> => {
      const found = await read(this.#machine(machine));
      if (!found) return [machine.name, { status: 'absent' }];
      const { running, layer } = found;
      return [machine.name, { status: running ? 'running' : 'stopped', ...(layer ? { layer } : {}) }];
    });
    return new Map(await Promise.all(observed));
  }

  runStep(machine: MachineSpec, _record: BackendRecord, step: ResolvedStep, call: BackendCall): Promise<StepResult> {
    if (step.kind !== 'run') throw refused('step-failed', step.name, `steps of kind ${step.kind} are not known here`);
    const began = performance.now();
    const script = `sync() { :; }\n${step.script.replaceAll('/root', join(this.#machine(machine), 'root'))}`;
    return new Promise((resolve, reject) => {
      execFile(step.interpreter, ['-c', script], { signal: call.signal }, (error, stdout) => {
        if (!error) resolve({ stdout, durationMs: performance.now() - began });
        else
          reject(
            new GoqemuError({
              code: 'step-failed',
              source: 'user',
              message: `${step.name} ended with ${error.code}`,
              data: { exitCode: error.code },
            }),
          );
      });
    });
  }

  async cutLayers(cuts: readonly CutLayer[]): Promise<readonly CutResult[]> {
    const results: CutResult[] = [];
    for (const { machine, record, key, descriptions } of cuts) {
      await cp(join(this.#machine(machine), 'root'), join(this.#layer(key), 'root'), { recursive: true });
      await write(this.#layer(key), { name: key, running: false, descriptions, createdAt: now() });
      await this.#change(machine, { layer: key });
      results.push({ record, layer: await this.#stored(key) });
    }
    return results;
  }

  async restore(machine: MachineSpec, record: BackendRecord, layer: string): Promise<BackendRecord> {
    const root = join(this.#machine(machine), 'root');
    await rm(root, { recursive: true });
    await cp(join(this.#layer(layer), 'root'), root, { recursive: true });
    await this.#change(machine, { running: true, layer });
    return record;
  }

  async findLayers(keys: readonly string[]): Promise<ReadonlyMap<string, StoredLayer>> {
    const there = keys.filter((key) => existsSync(this.#layer(key)));
    return new Map(await Promise.all(there.map(async (key) => [key, await this.#stored(key)] as const)));
  }

  async surveyLayers(): Promise<ReadonlyMap<string, SurveyedLayer>> {
    const layers = [...(await this.findLayers(await names(join(this.#base, 'layers')))).values()];
    return new Map(
      layers.map(({ key, bytes, descriptions }) => [
        key,
        { key, bytes, above: [], isPinned: true, isNamed: descriptions.length > 0 },
      ]),
    );
  }

  async claimLayers(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set((await this.findLayers(keys)).keys());
  }

  async describeLayer(key: string, descriptions: readonly string[]): Promise<StoredLayer> {
    const facts = await read(this.#layer(key));
    if (!facts) throw refused('layer-missing', key, `there is no layer ${key}`);
    await write(this.#layer(key), { ...facts, descriptions });
    return this.#stored(key);
  }

  async collectLayers(
    keep: readonly string[],
    _call: BackendCall,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<CollectedLayers> {
    const gone = (await names(join(this.#base, 'layers'))).filter((key) => !keep.includes(key));
    if (!options.dryRun) for (const key of gone) await rm(this.#layer(key), { recursive: true });
    return { removed: gone.length, bytes: 0, gone, stripped: [] };
  }

  async openEndpoint(machine: MachineSpec): Promise<never> {
    throw refused('connect-failed', machine.name, 'a folder has no endpoints');
  }

  async guestCredentials(machine: MachineSpec): Promise<GuestCredentials> {
    throw refused('connect-failed', machine.name, 'a folder has no SSH server');
  }

  readLog(): AsyncIterable<Buffer> {
    return new PassThrough().end();
  }

  sshAddress({ identity }: MachineSpec): SshAddress {
    return { host: '127.0.0.1', port: identity.sshPort };
  }

  async sshFiles(machine: MachineSpec): Promise<SshFiles> {
    throw refused('connect-failed', machine.name, 'a folder has no SSH server');
  }

  async checkPorts(): Promise<readonly PortProblem[]> {
    return [];
  }

  async preflight(): Promise<readonly Preflight[]> {
    return [];
  }

  async memoryBudget(): Promise<number> {
    return 2 ** 30;
  }

  async dispose(): Promise<void> {
    this.#lineage = '';
  }

  async doctor(): Promise<readonly DoctorFact[]> {
    return [{ name: 'folders', status: 'ok', finding: this.#base }];
  }

  async findFootprints(): Promise<readonly LabFootprint[]> {
    const machines = (await names(join(this.#base, 'machines'))).map((name) => ({ name, isRunning: false }));
    const layers = (await names(join(this.#base, 'layers'))).length;
    if (machines.length + layers === 0) return [];
    return [{ lineage: this.#lineage, lab: undefined, machines, layers, bytes: 0 }];
  }

  async removeFootprint(): Promise<void> {
    await rm(this.#base, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #change(machine: MachineSpec, changed: Partial<Facts>): Promise<void> {
    const facts = await read(this.#machine(machine));
    if (!facts) throw refused('vm-stopped', machine.name, `there is no machine ${machine.name}`);
    await write(this.#machine(machine), { ...facts, ...changed });
  }

  async #stored(key: string): Promise<StoredLayer> {
    const { descriptions = [], createdAt = '' } = (await read(this.#layer(key))) ?? {};
    return { key, id: key.slice(0, 12), ram: false, bytes: 0, createdAt, descriptions };
  }

  #machine({ name }: MachineSpec): string {
    return join(this.#base, 'machines', name);
  }

  #layer(key: string): string {
    return join(this.#base, 'layers', key);
  }
}

function refused(code: GoqemuError['code'], subject: string, message: string): GoqemuError {
  return new GoqemuError({ code, source: 'user', subject, message });
}

function now(): string {
  return new Date().toISOString();
}

async function names(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}

async function read(folder: string): Promise<Facts | undefined> {
  const file = join(folder, 'facts.json');
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Facts) : undefined;
}

async function write(folder: string, facts: Facts): Promise<void> {
  await writeFile(join(folder, 'facts.json'), JSON.stringify(facts));
}
