import { canonicalJson, GoqemuError, isGoqemuError, sleep } from '@goqemu/core';
import type {
  BackendCall,
  BackendRecord,
  CutLayer,
  CutResult,
  ImportableMachine,
  ImportTarget,
  MachineOrigin,
  MachineSpec,
  ObservedMachine,
  ResolvedStep,
  StepResult,
} from '@goqemu/lab';
import { changesDisk, ramShape, withCards } from '@goqemu/spec';
import { ramLost, refused, stepFailed } from './fake-errors.ts';
import type { FakeHost, FakeMachine } from './fake-host.ts';
import type { FakeLayerStore } from './fake-layer-store.ts';
import { FakeMachineTable, idOf } from './fake-machine-table.ts';
import type { FakeMoments } from './fake-moments.ts';
import { failingExitCode, printed, sleepMs } from './fake-shell.ts';

/** What a script prints instead of what the fake makes up. */
export type FakeOutput = (machine: string, step: ResolvedStep) => string | undefined;

/** What a backend does with machines: each is a list of what was done to its disk. */
export class FakeMachines {
  readonly #host: FakeHost;
  readonly #table: FakeMachineTable;
  readonly #layers: FakeLayerStore;
  readonly #moments: FakeMoments;
  readonly #output: FakeOutput | undefined;

  constructor(host: FakeHost, layers: FakeLayerStore, moments: FakeMoments, output: FakeOutput | undefined) {
    this.#host = host;
    this.#table = new FakeMachineTable(host);
    this.#layers = layers;
    this.#moments = moments;
    this.#output = output;
  }

  async observe(
    machines: readonly { readonly machine: MachineSpec; readonly record: BackendRecord }[],
    call: BackendCall,
  ): Promise<ReadonlyMap<string, ObservedMachine>> {
    await this.#moments.reach('observe', '', 'before', call);
    return new Map(
      machines.map(({ machine, record }): [string, ObservedMachine] => {
        const found = this.#table.found(machine, record, call);
        if (!found) return [machine.name, { status: 'absent' }];
        return [
          machine.name,
          {
            status: found.status,
            ...(found.layer === null ? {} : { layer: found.layer }),
            ...(found.status === 'suspended' && found.lostRam !== undefined ? { reason: found.lostRam } : {}),
            ...(found.status === 'running' || found.status === 'paused'
              ? {
                  ...process(typeof record.adopted === 'number' ? record.adopted : 1000 + found.boots),
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

  async importMachine(
    machine: MachineSpec,
    target: ImportTarget,
    { authorize }: { readonly authorize: boolean },
    call: BackendCall,
  ): Promise<ImportableMachine> {
    await this.#moments.reach('importMachine', machine.name, 'before', call);
    const found = [...this.#host.foreign].find(
      ([pid, { socket }]) => pid === target.pid || (socket !== undefined && socket === target.socket),
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
    await this.#moments.reach('importMachine', machine.name, 'after', call);
    return { ...foreign.facts, ...process(pid), record: { adopted: pid } };
  }

  async create(machine: MachineSpec, origin: MachineOrigin, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('create', machine.name, 'before', call);
    const id = idOf(machine, call);
    // An unfinished try is cleared away; the engine is to delete what has run before it makes another.
    const present = this.#host.machines.get(id);
    if (present && present.boots > 0) throw refused(machine, 'it is there already');
    const disk = 'image' in origin ? [`image ${origin.image.key}`] : [...this.#layers.claim(origin.layer, call).disk];
    const layer = 'layer' in origin ? origin.layer : null;
    const made: FakeMachine = { spec: machine, status: 'damaged', ready: false, disk, layer, boots: 0 };
    this.#host.machines.set(id, made);
    await this.#moments.reach('create', machine.name, 'middle', call);
    made.status = 'stopped';
    await this.#moments.reach('create', machine.name, 'after', call);
    return { disk: id };
  }

  async start(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('start', machine.name, 'before', call);
    const found = this.#table.machine(machine, record, call);
    if (found.status === 'damaged') throw refused(machine, 'its disk is damaged');
    this.#table.checkPorts(machine, call);
    const isFresh =
      found.boots === 0 && found.layer !== null && this.#host.layers.get(found.layer)?.stored.ram === true;
    const resumes = ramObstacle(found, machine) === undefined;
    if (found.status === 'suspended' && !resumes)
      call.progress({ kind: 'notice', code: 'ram-not-used', message: `${machine.name} boots from its disk` });
    if (!resumes && found.status !== 'running' && found.status !== 'paused') found.boots++;
    Object.assign(found, { status: 'running', spec: machine, lostRam: undefined });
    await this.#moments.reach('start', machine.name, 'middle', call);
    if (isFresh || resumes) call.progress({ kind: 'stage', stage: 'restore', status: 'done' });
    found.ready = true;
    await this.#moments.reach('start', machine.name, 'after', call);
    return { ...record, boots: found.boots };
  }

  async joinNetworks(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('joinNetworks', machine.name, 'before', call);
    const found = this.#table.running(machine, record, call);
    await this.#moments.reach('joinNetworks', machine.name, 'middle', call);
    found.spec = withCards(found.spec, machine);
    await this.#moments.reach('joinNetworks', machine.name, 'after', call);
    return record;
  }

  async setForwards(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('setForwards', machine.name, 'before', call);
    const found = this.#table.machine(machine, record, call);
    if (found.status !== 'running') throw refused(machine, `it is ${found.status}`);
    this.#table.checkPorts(machine, call);
    await this.#moments.reach('setForwards', machine.name, 'middle', call);
    found.spec = { ...found.spec, forwards: machine.forwards };
    await this.#moments.reach('setForwards', machine.name, 'after', call);
    return record;
  }

  async stop(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('stop', machine.name, 'before', call);
    const found = this.#table.machine(machine, record, call);
    await this.#moments.reach('stop', machine.name, 'middle', call);
    Object.assign(found, { status: 'stopped', ready: false, lostRam: undefined });
    await this.#moments.reach('stop', machine.name, 'after', call);
    return record;
  }

  async suspend(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('suspend', machine.name, 'before', call);
    if (record.adopted !== undefined) throw refused(machine, 'it was started outside goqemu');
    if (this.#table.machine(machine, record, call).status === 'suspended') return record;
    const found = this.#table.running(machine, record, call);
    found.status = 'paused';
    try {
      await this.#moments.reach('suspend', machine.name, 'middle', call);
    } catch (error) {
      if (isGoqemuError(error)) found.status = 'running'; // what fails leaves it running; what dies does nothing more
      throw error;
    }
    Object.assign(found, { status: 'suspended', ready: false });
    await this.#moments.reach('suspend', machine.name, 'after', call);
    return record;
  }

  async resume(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('resume', machine.name, 'before', call);
    const found = this.#table.machine(machine, record, call);
    const obstacle = found.status === 'running' ? undefined : ramObstacle(found, machine);
    if (obstacle !== undefined) throw ramLost(machine, obstacle);
    this.#table.checkPorts(machine, call);
    await this.#moments.reach('resume', machine.name, 'middle', call);
    Object.assign(found, { status: 'running', ready: true, spec: machine });
    call.progress({ kind: 'stage', stage: 'restore', status: 'done' });
    await this.#moments.reach('resume', machine.name, 'after', call);
    return record;
  }

  async delete(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<void> {
    await this.#moments.reach('delete', machine.name, 'before', call);
    const found = this.#table.found(machine, record, call);
    if (found) found.status = 'damaged';
    await this.#moments.reach('delete', machine.name, 'middle', call);
    if (typeof record.adopted === 'number') this.#host.foreign.delete(record.adopted);
    else this.#host.machines.delete(idOf(machine, call));
    await this.#moments.reach('delete', machine.name, 'after', call);
  }

  async runStep(
    machine: MachineSpec,
    record: BackendRecord,
    step: ResolvedStep,
    call: BackendCall,
  ): Promise<StepResult> {
    const subject = `${machine.name}/${step.name}`;
    await this.#moments.reach('runStep', subject, 'before', call);
    const found = this.#table.running(machine, record, call);
    const { name: _name, timeoutMs: _timeoutMs, sensitive: _sensitive, secretOutput: _secret, ...content } = step;
    const mark = canonicalJson(content);
    if (changesDisk(step)) found.disk.push(`half of ${mark}`);
    await this.#moments.reach('runStep', subject, 'middle', call);
    if (step.kind === 'run') await sleep(sleepMs(step.script), call.signal);
    const exitCode = step.kind === 'run' ? failingExitCode(step.script) : 0;
    const given = this.#output?.(machine.name, step);
    const stdout = step.kind === 'run' ? (given ?? printed(step.script, found.disk)) : '';
    if (stdout !== '') call.progress({ kind: 'output', stream: 'stdout', text: stdout });
    if (exitCode !== 0 && step.kind === 'run') throw stepFailed(subject, step.script, exitCode, stdout);
    if (changesDisk(step)) found.disk[found.disk.length - 1] = mark;
    await this.#moments.reach('runStep', subject, 'after', call);
    return { stdout, durationMs: 1 };
  }

  async cutLayers(cuts: readonly CutLayer[], call: BackendCall): Promise<readonly CutResult[]> {
    const subject = cuts.map((cut) => cut.machine.name).join(',');
    await this.#moments.reach('cutLayers', subject, 'before', call);
    const found = cuts.map((cut) => this.#table.cuttable(cut, call));
    for (const [index, machine] of found.entries()) {
      const { key, machine: spec } = cuts[index] as CutLayer;
      machine.layer = key;
      machine.status = 'paused';
      await this.#moments.reach('cutLayers', spec.name, 'middle', call);
    }
    for (const machine of found) machine.status = 'running';
    // All of them in one step: a process that dies leaves all of a cut's layers in the store, or none.
    const results = cuts.map((cut, index) => this.#layers.seal(cut, found[index] as FakeMachine, call));
    await this.#moments.reach('cutLayers', subject, 'after', call);
    return results;
  }

  async restore(machine: MachineSpec, record: BackendRecord, layer: string, call: BackendCall): Promise<BackendRecord> {
    await this.#moments.reach('restore', machine.name, 'before', call);
    const { disk, stored } = this.#layers.claim(layer, call);
    if (record.adopted !== undefined) throw refused(machine, 'it was started outside goqemu');
    const found = this.#table.machine(machine, record, call);
    this.#table.checkPorts(machine, call);
    Object.assign(found, { status: 'stopped', ready: false, lostRam: undefined, disk: ['half restored'] });
    await this.#moments.reach('restore', machine.name, 'middle', call);
    Object.assign(found, {
      status: 'running',
      ready: true,
      disk: [...disk],
      layer,
      spec: machine,
      boots: found.boots + 1,
    });
    if (stored.ram) call.progress({ kind: 'stage', stage: 'restore', status: 'done' });
    await this.#moments.reach('restore', machine.name, 'after', call);
    return { ...record, top: layer };
  }
}

function process(pid: number) {
  return { instance: `fake ${pid}`, display: { pid } };
}

/** Why a machine does not continue from its RAM. */
function ramObstacle(found: FakeMachine, machine: MachineSpec): string | undefined {
  if (found.status !== 'suspended') return 'it is not suspended';
  if (found.lostRam !== undefined) return found.lostRam;
  return ramShape(found.spec) === ramShape(machine)
    ? undefined
    : 'memory, cores, accelerator, network or display differ from its RAM’s';
}
