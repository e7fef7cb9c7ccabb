import { canonicalJson, GoqemuError } from '@goqemu/core';
import type {
  AdoptedMachine,
  AdoptionTarget,
  Architecture,
  Backend,
  BackendCall,
  BackendRecord,
  CutLayer,
  CutResult,
  FlattenedLayer,
  MachineOrigin,
  MachineSpec,
  ObservedMachine,
  Preflight,
  ResolvedImage,
  ResolvedStep,
  StepResult,
  StoredLayer,
  SurveyedLayer,
} from '@goqemu/lab';
import type { FakeCall, FakeVerb } from './fake-call.ts';
import { refused, stepFailed } from './fake-errors.ts';
import { FakeHost, type FakeLayer, type FakeMachine } from './fake-host.ts';
import { layersAbove, standOn, surveyFake } from './fake-layers.ts';
import { failingExitCode, printed } from './fake-shell.ts';

export interface FakeBackendOptions {
  readonly host?: FakeHost;
  /**
   * Called before an acting verb does anything, when it has done half, and when it has done everything but
   * return. A test that throws here makes the verb fail, or the engine die, at that moment.
   */
  readonly fault?: (call: FakeCall, moment: 'before' | 'middle' | 'after') => void | Promise<void>;
  /** What a script prints; `echo words` prints them, and anything else a digest of the disk and the script. */
  readonly output?: (machine: string, step: ResolvedStep) => string | undefined;
}

/** A Backend that keeps machines in memory and behaves as the contract says; see fake-backend.md. */
export class FakeBackend implements Backend {
  readonly kind = 'fake';
  readonly host: FakeHost;
  readonly calls: FakeCall[] = [];
  readonly #options: FakeBackendOptions;

  constructor(options: FakeBackendOptions = {}) {
    this.host = options.host ?? new FakeHost();
    this.#options = options;
  }

  async resolveImage(reference: string, _arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    await this.#moment('resolveImage', reference, 'before', call);
    const isPlace = /^(https?:|\/|[A-Za-z]:\\)/.test(reference);
    const key = this.host.images.get(reference) ?? (isPlace ? `sha256:${reference}` : undefined);
    if (key === undefined) {
      throw new GoqemuError({
        code: 'image-unknown',
        source: 'user',
        subject: reference,
        message: `no image is called "${reference}"`,
        hint: `there are: ${[...this.host.images.keys()].join(', ')}`,
      });
    }
    return { reference, key, description: `${reference}, cached`, present: true, user: 'debian' };
  }

  async observe(
    machines: readonly { readonly machine: MachineSpec; readonly record: BackendRecord }[],
    call: BackendCall,
  ): Promise<ReadonlyMap<string, ObservedMachine>> {
    await this.#moment('observe', '', 'before', call);
    return new Map(
      machines.map(({ machine, record }): [string, ObservedMachine] => {
        const found = this.#found(machine, record, call);
        if (!found) return [machine.name, { status: 'absent' }];
        return [
          machine.name,
          {
            status: found.status,
            ...(found.layer === null ? {} : { layer: found.layer }),
            ...(found.status === 'running'
              ? {
                  pid: typeof record.adopted === 'number' ? record.adopted : 1000 + found.boots,
                  accelerator: 'tcg',
                  memory: found.spec.memory,
                  cpus: found.spec.cpus,
                }
              : {}),
          },
        ];
      }),
    );
  }

  async findLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlyMap<string, StoredLayer>> {
    await this.#moment('findLayers', '', 'before', call);
    return new Map(
      keys.flatMap((key) => {
        const layer = this.host.layers.get(key);
        return layer ? [[key, layer.stored] as const] : [];
      }),
    );
  }

  async surveyLayers(call: BackendCall): Promise<ReadonlyMap<string, SurveyedLayer>> {
    await this.#moment('surveyLayers', '', 'before', call);
    return surveyFake(this.host, call.scope);
  }

  async takenPorts(ports: readonly number[], call: BackendCall): Promise<readonly number[]> {
    await this.#moment('takenPorts', '', 'before', call);
    return ports.filter((port) => this.host.takenPorts.has(port));
  }

  async preflight(_machines: readonly MachineSpec[], call: BackendCall): Promise<readonly Preflight[]> {
    await this.#moment('preflight', '', 'before', call);
    return [];
  }

  async adopt(
    machine: MachineSpec,
    target: AdoptionTarget,
    { authorize }: { readonly authorize: boolean },
    call: BackendCall,
  ): Promise<AdoptedMachine> {
    await this.#moment('adopt', machine.name, 'before', call);
    const found = [...this.host.foreign].find(([pid, one]) =>
      'pid' in target ? pid === target.pid : one.socket === target.socket,
    );
    if (!found) {
      throw new GoqemuError({
        code: 'import-refused',
        source: 'user',
        subject: machine.name,
        message: 'no machine runs there',
        hint: 'name a QEMU that runs',
      });
    }
    const [pid, foreign] = found;
    if (authorize) foreign.authorized = true;
    await this.#moment('adopt', machine.name, 'after', call);
    return { ...foreign.facts, pid, record: { adopted: pid } };
  }

  async memoryBudget(call: BackendCall): Promise<number> {
    await this.#moment('memoryBudget', '', 'before', call);
    return this.host.memory;
  }

  async ensureImage(image: ResolvedImage, _arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    await this.#moment('ensureImage', image.reference, 'before', call);
    return { ...image, present: true };
  }

  async create(machine: MachineSpec, origin: MachineOrigin, call: BackendCall): Promise<BackendRecord> {
    await this.#moment('create', machine.name, 'before', call);
    const id = idOf(machine, call);
    if (this.host.machines.has(id)) throw refused(machine, 'it is there already');
    const disk = 'image' in origin ? [`image ${origin.image.key}`] : [...this.#adopted(origin.layer, call).disk];
    const layer = 'layer' in origin ? origin.layer : null;
    const made: FakeMachine = { spec: machine, status: 'damaged', ready: false, disk, layer, boots: 0 };
    this.host.machines.set(id, made);
    await this.#moment('create', machine.name, 'middle', call);
    made.status = 'stopped';
    await this.#moment('create', machine.name, 'after', call);
    return { disk: id };
  }

  async start(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moment('start', machine.name, 'before', call);
    const found = this.#machine(machine, record, call);
    if (found.status === 'damaged') throw refused(machine, 'its disk is damaged');
    this.#checkPorts(machine, call);
    if (found.status !== 'running') found.boots++;
    found.status = 'running';
    found.spec = machine;
    await this.#moment('start', machine.name, 'middle', call);
    found.ready = true;
    await this.#moment('start', machine.name, 'after', call);
    return { ...record, boots: found.boots };
  }

  async stop(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moment('stop', machine.name, 'before', call);
    const found = this.#machine(machine, record, call);
    await this.#moment('stop', machine.name, 'middle', call);
    Object.assign(found, { status: 'stopped', ready: false });
    await this.#moment('stop', machine.name, 'after', call);
    return record;
  }

  async delete(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<void> {
    await this.#moment('delete', machine.name, 'before', call);
    const found = this.#found(machine, record, call);
    if (found) found.status = 'damaged';
    await this.#moment('delete', machine.name, 'middle', call);
    if (typeof record.adopted === 'number') this.host.foreign.delete(record.adopted);
    else this.host.machines.delete(idOf(machine, call));
    await this.#moment('delete', machine.name, 'after', call);
  }

  async runStep(
    machine: MachineSpec,
    record: BackendRecord,
    step: ResolvedStep,
    call: BackendCall,
  ): Promise<StepResult> {
    const subject = `${machine.name}/${step.name}`;
    await this.#moment('runStep', subject, 'before', call);
    const found = this.#running(machine, record, call);
    const { name: _name, timeoutMs: _timeoutMs, sensitive: _sensitive, secretOutput: _secret, ...content } = step;
    const mark = canonicalJson(content);
    if (step.kind !== 'waitFor') found.disk.push(`half of ${mark}`);
    await this.#moment('runStep', subject, 'middle', call);
    const exitCode = step.kind === 'run' ? failingExitCode(step.script) : 0;
    const given = this.#options.output?.(machine.name, step);
    const stdout = step.kind === 'run' ? (given ?? printed(step.script, found.disk)) : '';
    if (stdout !== '') call.progress({ kind: 'output', stream: 'stdout', text: stdout });
    if (exitCode !== 0 && step.kind === 'run') throw stepFailed(subject, step.script, exitCode, stdout);
    if (step.kind !== 'waitFor') found.disk[found.disk.length - 1] = mark;
    await this.#moment('runStep', subject, 'after', call);
    return { stdout, durationMs: 1 };
  }

  async cutLayers(cuts: readonly CutLayer[], call: BackendCall): Promise<readonly CutResult[]> {
    const subject = cuts.map((cut) => cut.machine.name).join(',');
    await this.#moment('cutLayers', subject, 'before', call);
    const found = cuts.map((cut) => this.#cuttable(cut, call));
    for (const [index, machine] of found.entries()) {
      const { key, machine: spec } = cuts[index] as CutLayer;
      machine.layer = key;
      machine.status = 'paused';
      await this.#moment('cutLayers', spec.name, 'middle', call);
    }
    for (const machine of found) machine.status = 'running';
    // All of them in one step: a process that dies leaves all of a cut's layers in the store, or none.
    const results = cuts.map((cut, index) => this.#seal(cut, found[index] as FakeMachine, call));
    await this.#moment('cutLayers', subject, 'after', call);
    return results;
  }

  async restore(machine: MachineSpec, record: BackendRecord, layer: string, call: BackendCall): Promise<BackendRecord> {
    await this.#moment('restore', machine.name, 'before', call);
    const { disk } = this.#adopted(layer, call);
    if (record.adopted !== undefined) throw refused(machine, 'somebody else started it');
    const found = this.#machine(machine, record, call);
    this.#checkPorts(machine, call);
    Object.assign(found, { status: 'stopped', ready: false, disk: ['half restored'] });
    await this.#moment('restore', machine.name, 'middle', call);
    Object.assign(found, {
      status: 'running',
      ready: true,
      disk: [...disk],
      layer,
      spec: machine,
      boots: found.boots + 1,
    });
    await this.#moment('restore', machine.name, 'after', call);
    return { ...record, top: layer };
  }

  async claimLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlySet<string>> {
    await this.#moment('claimLayers', '', 'before', call);
    const there = keys.filter((key) => this.host.layers.has(key));
    for (const key of there) this.#adopted(key, call);
    await this.#moment('claimLayers', '', 'after', call);
    return new Set(there);
  }

  async describeLayer(key: string, descriptions: readonly string[], call: BackendCall): Promise<StoredLayer> {
    await this.#moment('describeLayer', key, 'before', call);
    const layer = this.#layer(key);
    layer.stored = { ...layer.stored, descriptions };
    await this.#moment('describeLayer', key, 'after', call);
    return layer.stored;
  }

  async coalesceLayers(
    keys: readonly string[],
    call: BackendCall,
  ): Promise<{ readonly keys: readonly string[]; readonly bytes: number }> {
    await this.#moment('coalesceLayers', '', 'before', call);
    const gone: string[] = [];
    let bytes = 0;
    const survey = surveyFake(this.host, call.scope);
    const above = layersAbove(this.host);
    for (const key of keys) {
      const row = survey.get(key);
      if (!row || row.isPinned) continue;
      const parent = this.host.layers.get(key)?.stored.parent;
      const standing = above.get(key) ?? [];
      for (const upper of standing) standOn(this.host, upper, parent);
      if (parent !== undefined) above.set(parent, [...(above.get(parent) ?? []), ...standing]);
      await this.#moment('coalesceLayers', key, 'middle', call);
      this.host.layers.delete(key);
      gone.push(key);
      bytes += row.bytes;
    }
    await this.#moment('coalesceLayers', '', 'after', call);
    return { keys: gone, bytes };
  }

  async flattenLayer(key: string, call: BackendCall): Promise<FlattenedLayer> {
    await this.#moment('flattenLayer', key, 'before', call);
    const layer = this.#layer(key);
    const { parent, ...stored } = layer.stored;
    let depth = 0;
    for (let below = parent; below !== undefined; below = this.host.layers.get(below)?.stored.parent) depth++;
    await this.#moment('flattenLayer', key, 'middle', call);
    layer.stored = { ...stored, bytes: stored.bytes * (depth + 1) };
    await this.#moment('flattenLayer', key, 'after', call);
    return { depth, bytes: { before: stored.bytes, after: layer.stored.bytes } };
  }

  async collectLayers(
    keep: readonly string[],
    call: BackendCall,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<{ readonly removed: number; readonly bytes: number }> {
    await this.#moment('collectLayers', '', 'before', call);
    const reached = new Set<string>();
    const { lineage } = call.scope;
    const others = [...this.host.layers.values()].filter(({ owners }) => [...owners].some((one) => one !== lineage));
    const roots = [
      ...keep,
      ...others.map(({ stored }) => stored.key),
      ...[...this.host.machines.values()].flatMap((machine) => machine.layer ?? []),
    ];
    for (let key = roots.pop(); key !== undefined; key = roots.pop()) {
      if (reached.has(key)) continue;
      reached.add(key);
      const parent = this.host.layers.get(key)?.stored.parent;
      if (parent !== undefined) roots.push(parent);
    }
    let removed = 0;
    let bytes = 0;
    for (const [key, layer] of this.host.layers) {
      if (keep.includes(key) || !layer.owners.has(lineage)) continue;
      if (layer.owners.size > 1) {
        if (!options.dryRun) layer.owners.delete(lineage);
      } else if (!reached.has(key)) {
        if (!options.dryRun) this.host.layers.delete(key);
        removed++;
        bytes += layer.stored.bytes;
      }
    }
    await this.#moment('collectLayers', '', 'after', call);
    return { removed, bytes };
  }

  async dispose(call: BackendCall): Promise<void> {
    await this.#moment('dispose', '', 'before', call);
    this.host.disposed++;
  }

  async #moment(
    verb: FakeVerb,
    subject: string,
    moment: 'before' | 'middle' | 'after',
    call: BackendCall,
  ): Promise<void> {
    if (moment === 'before') this.calls.push({ verb, subject });
    call.signal.throwIfAborted();
    await this.#options.fault?.({ verb, subject }, moment);
  }

  /** One that somebody else started is no machine of this backend's own. */
  #found(spec: MachineSpec, { adopted }: BackendRecord, call: BackendCall): FakeMachine | undefined {
    return typeof adopted === 'number'
      ? this.host.foreign.get(adopted)?.machine
      : this.host.machines.get(idOf(spec, call));
  }

  #machine(spec: MachineSpec, record: BackendRecord, call: BackendCall): FakeMachine {
    const found = this.#found(spec, record, call);
    if (!found) throw refused(spec, 'it is not there');
    return found;
  }

  #running(spec: MachineSpec, record: BackendRecord, call: BackendCall): FakeMachine {
    const found = this.#machine(spec, record, call);
    if (found.status !== 'running' || !found.ready) throw refused(spec, `it is ${found.status}, and not ready`);
    return found;
  }

  #cuttable(cut: CutLayer, call: BackendCall): FakeMachine {
    if (cut.record.adopted !== undefined) throw refused(cut.machine, 'somebody else started it');
    const found = this.#running(cut.machine, cut.record, call);
    if (found.layer === cut.key || found.layer === (cut.parent ?? null)) return found;
    throw refused(cut.machine, `it stands on ${found.layer}, not on ${cut.parent}`);
  }

  #seal(cut: CutLayer, { disk }: FakeMachine, call: BackendCall): CutResult {
    const known = this.host.layers.get(cut.key);
    const stored: StoredLayer = known?.stored ?? {
      key: cut.key,
      id: cut.key.slice(0, 8),
      ...(cut.parent === undefined ? {} : { parent: cut.parent }),
      ram: cut.ram,
      ...(cut.machine.firmware === 'uefi' ? { variables: true } : {}),
      bytes: 1024 * disk.length,
      createdAt: new Date(this.host.layers.size * 1000).toISOString(),
      descriptions: cut.descriptions,
    };
    const owners = known?.owners.add(call.scope.lineage) ?? new Set([call.scope.lineage]);
    if (!known) this.host.layers.set(cut.key, { stored, disk: [...disk], owners });
    const below = cut.supersedes === undefined ? undefined : this.host.layers.get(cut.supersedes);
    if (below && below.stored.descriptions.length === 0) below.stored = { ...below.stored, ram: false };
    return { layer: stored, record: { ...cut.record, top: cut.key } };
  }

  /** Noted as in use by a lab: another lab's collection leaves it alone. */
  #adopted(key: string, call: BackendCall): FakeLayer {
    const layer = this.#layer(key);
    layer.owners.add(call.scope.lineage);
    return layer;
  }

  #layer(key: string): FakeLayer {
    const layer = this.host.layers.get(key);
    if (layer) return layer;
    throw new GoqemuError({
      code: 'layer-missing',
      source: 'environment',
      subject: key,
      message: `the layer ${key.slice(0, 12)} is not in the store`,
    });
  }

  #checkPorts(spec: MachineSpec, call: BackendCall): void {
    const ports = (one: MachineSpec) => [
      one.identity.sshPort,
      ...Object.values(one.forwards).map((forward) => forward.host),
    ];
    const wanted = new Set(ports(spec));
    for (const [id, other] of this.host.machines) {
      if (id === idOf(spec, call) || other.status !== 'running') continue;
      const port = ports(other.spec).find((one) => wanted.has(one));
      if (port !== undefined) throw refused(spec, `port ${port} is taken by ${other.spec.name}`);
    }
  }
}

function idOf(machine: MachineSpec, call: BackendCall): string {
  return `${call.scope.lab}-${call.scope.stack}-${call.scope.lineage}/${machine.name}`;
}
