import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { OpenOnce, scaledTimeout } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type {
  Architecture,
  Backend,
  BackendCall,
  BackendRecord,
  CaptureOf,
  CollectedLayers,
  CutLayer,
  CutResult,
  DoctorFact,
  Endpoint,
  FlattenedLayer,
  GuestCredentials,
  HostPort,
  ImportableMachine,
  ImportTarget,
  LabFootprint,
  LabScope,
  LogRequest,
  MachineOrigin,
  MachineSpec,
  NetworkConfiguration,
  NetworkView,
  ObservedMachine,
  ObservedNetwork,
  PortProblem,
  Preflight,
  ResolvedImage,
  ResolvedStep,
  SshAddress,
  SshFiles,
  StepResult,
  StoredLayer,
  SurveyedLayer,
  TakenRange,
} from '@goqemu/lab';
import { hostRoutes, portUses } from '@goqemu/network';
import { hostArchitecture, type NetworkFaults, toQemuArchitecture } from '@goqemu/spec';
import { createVmHost, heldMemory, type VmHost } from '@goqemu/vm';
import { preflight } from '../host/preflight.ts';
import { describeImage } from '../images/describe-image.ts';
import { findStoredLayers } from '../layers/stored-layer.ts';
import { adoptedRecord } from '../machines/adopted-record.ts';
import type { BackendMachine, MachinePlace } from '../machines/backend-machine.ts';
import { ImportedMachine } from '../machines/imported-machine.ts';
import { OwnMachine } from '../machines/own-machine.ts';
import type { QemuBackendOptions } from './qemu-backend-options.ts';
import { vmCall } from './vm-call.ts';

/**
 * Machines on this host: the engine's verbs, said in those of `@goqemu/vm`. What acts is loaded with the first verb that
 * acts, so that a plan with nothing to do loads only what looks. As long as the interface, whose verbs are a line or two each.
 */
export class QemuBackend implements Backend {
  readonly kind = 'qemu';
  readonly architecture: Architecture;
  readonly capabilities = {
    ramLayers: true,
    suspendMachines: true,
    importMachines: true,
    coalesceLayers: true,
    flattenLayers: true,
    liveForwards: true,
    networks: true,
  };
  readonly host: VmHost;
  readonly #sessions = new OpenOnce<GuestSession>();

  constructor(options: QemuBackendOptions = {}) {
    this.host = createVmHost(options);
    this.architecture = hostArchitecture(this.host.platform.arch);
  }

  // Looking.

  async resolveImage(reference: string, arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    const options = { arch: toQemuArchitecture(arch), signal: call.signal };
    return describeImage(reference, await this.host.images.resolve(reference, options));
  }

  async observe(
    machines: readonly { readonly machine: MachineSpec; readonly record: BackendRecord }[],
    call: BackendCall,
  ): Promise<ReadonlyMap<string, ObservedMachine>> {
    const found = await Promise.all(
      machines.map(async ({ machine, record }) => {
        return [machine.name, await this.machineOf(machine, record, call.scope).observe(call)] as const;
      }),
    );
    return new Map(found);
  }

  findLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlyMap<string, StoredLayer>> {
    return findStoredLayers(this.host.layers, keys, call);
  }

  async checkPorts(ports: readonly HostPort[]): Promise<readonly PortProblem[]> {
    const uses = await portUses(ports);
    if (uses.length === 0) return [];
    const { portProblems } = await acting();
    return portProblems(this.host, uses);
  }

  preflight(machines: readonly MachineSpec[], call: BackendCall): Promise<readonly Preflight[]> {
    return preflight(this.host, machines, call);
  }

  async importMachine(
    machine: MachineSpec,
    target: ImportTarget,
    options: { readonly authorize: boolean },
    call: BackendCall,
  ): Promise<ImportableMachine> {
    const { adoptMachine } = await acting();
    return adoptMachine(this.#place(machine, call.scope), target, options, call);
  }

  async memoryBudget(call: BackendCall): Promise<number> {
    const [free, held] = await Promise.all([this.host.room.memory(), heldMemory(this.labFolder(call.scope))]);
    return free + held;
  }

  // Acting.

  async ensureImage(image: ResolvedImage, arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    const { fetchImage } = await acting();
    return fetchImage(this.host.images, image, arch, call);
  }

  async create(machine: MachineSpec, origin: MachineOrigin, call: BackendCall): Promise<BackendRecord> {
    const { OwnMachineVerbs, checkCopy, hostNetworkOf, presentImage, vmAt } = await acting();
    const place = this.#place(machine, call.scope);
    const network = await hostNetworkOf(place, {}, call.signal);
    const verbs = new OwnMachineVerbs(place, network);
    if ('layer' in origin) {
      const { layer, copyOf } = origin;
      if (copyOf) checkCopy(machine, network);
      const original = copyOf ? { copyOf: vmAt(this.#place(copyOf.machine, copyOf.scope), network) } : {};
      return verbs.create({ layer, ...original }, call);
    }
    const { path, format, shell, guestAgent } = await presentImage(this.host.images, origin.image, machine.arch, call);
    return verbs.create({ image: path, format, shell, guestAgent }, call);
  }

  async start(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return (await this.#verbs(machine, record, call.scope)).start(call);
  }

  async stop(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return (await this.#verbs(machine, record, call.scope)).stop(call);
  }

  async suspend(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return (await this.#verbs(machine, record, call.scope)).suspend(call);
  }

  async resume(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return (await this.#verbs(machine, record, call.scope)).resume(call);
  }

  async delete(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<void> {
    await (await this.#verbs(machine, record, call.scope)).delete(call);
  }

  async runStep(
    machine: MachineSpec,
    record: BackendRecord,
    step: ResolvedStep,
    call: BackendCall,
  ): Promise<StepResult> {
    const [{ runStep }, verbs] = await Promise.all([acting(), this.#verbs(machine, record, call.scope)]);
    const timeoutMs = scaledTimeout(step.timeoutMs, this.host.platform.env);
    return runStep(
      await verbs.guest(),
      { ...step, timeoutMs },
      {
        ...vmCall(call),
        onOutput: (stream, text) => call.progress({ kind: 'output', stream, text }),
      },
    );
  }

  async cutLayers(cuts: readonly CutLayer[], call: BackendCall): Promise<readonly CutResult[]> {
    const { cutLayers } = await acting();
    const parts = cuts.map(async (cut) => ({ cut, verbs: await this.#verbs(cut.machine, cut.record, call.scope) }));
    return cutLayers(this.host.layers, await Promise.all(parts), call);
  }

  async restore(machine: MachineSpec, record: BackendRecord, layer: string, call: BackendCall): Promise<BackendRecord> {
    return (await this.#verbs(machine, record, call.scope)).restore(layer, call);
  }

  async claimLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlySet<string>> {
    const { claimLayers } = await acting();
    return claimLayers(this.host.layers, keys, call);
  }

  async describeLayer(key: string, descriptions: readonly string[]): Promise<StoredLayer> {
    const { describeLayer } = await acting();
    return describeLayer(this.host, key, descriptions);
  }

  async surveyLayers(call: BackendCall): Promise<ReadonlyMap<string, SurveyedLayer>> {
    const { surveyStored } = await acting();
    return surveyStored(this.host, call);
  }

  async coalesceLayers(
    keys: readonly string[],
    call: BackendCall,
  ): Promise<{ readonly keys: readonly string[]; readonly bytes: number }> {
    const { coalesceStored } = await acting();
    return coalesceStored(this.host, keys, call);
  }

  async collectLayers(
    keep: readonly string[],
    call: BackendCall,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<CollectedLayers> {
    const { collectStored } = await acting();
    return collectStored(this.host, keep, call.scope, options);
  }

  async flattenLayer(key: string, { signal }: BackendCall): Promise<FlattenedLayer> {
    const { flattenStored } = await acting();
    return flattenStored(this.host, key, signal);
  }

  async setForwards(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return (await this.#verbs(machine, record, call.scope)).setForwards(call);
  }

  // Networks.

  async hostRoutes(): Promise<readonly TakenRange[]> {
    const routes = await hostRoutes();
    return [
      ...routes.map(({ cidr, interface: name }) => ({ cidr, holder: `the route of this host over ${name}` })),
      { cidr: '10.0.2.0/24', holder: 'the card by which goqemu reaches each machine' },
    ];
  }

  async observeNetworks(call: BackendCall): Promise<ReadonlyMap<string, ObservedNetwork>> {
    return (await this.#switch(call.scope)).observe();
  }

  async applyNetworks(wanted: NetworkConfiguration, call: BackendCall): Promise<void> {
    await (await this.#switch(call.scope)).apply(wanted, call);
  }

  async joinNetworks(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return (await this.#verbs(machine, record, call.scope)).joinNetworks(call);
  }

  async viewNetworks(call: BackendCall): Promise<readonly NetworkView[]> {
    return (await this.#switch(call.scope)).view();
  }

  async captureFrames(of: CaptureOf, call: BackendCall): Promise<Readable> {
    return (await this.#switch(call.scope)).capture(of);
  }

  async setFaults(faults: Readonly<Record<string, NetworkFaults | null>>, call: BackendCall): Promise<void> {
    await (await this.#switch(call.scope)).setFaults(faults);
  }

  async holdMachines(machines: readonly string[], call: BackendCall): Promise<AsyncDisposable> {
    return (await this.#switch(call.scope)).hold(machines);
  }

  async stopNetworks(call: BackendCall): Promise<void> {
    await (await this.#switch(call.scope)).stop();
  }

  async removeNetworks(call: BackendCall): Promise<void> {
    await (await this.#switch(call.scope)).remove();
  }

  async #switch(scope: LabScope) {
    const { LabSwitch } = await acting();
    return new LabSwitch(this.host, this.labFolder(scope), scope.lineage);
  }

  async dispose(call: BackendCall): Promise<void> {
    const { disposeLab } = await acting();
    await disposeLab(this.host, this.labFolder(call.scope), call.scope);
  }

  // Endpoints.

  async openEndpoint(
    machine: MachineSpec,
    record: BackendRecord,
    endpoint: Endpoint,
    { scope, signal }: BackendCall,
  ): Promise<Duplex> {
    const [{ openMachineEndpoint }, reach] = await Promise.all([reaching(), this.#reach(machine, record, scope)]);
    const reached = { name: machine.name, sshPort: machine.identity.sshPort, reach };
    return openMachineEndpoint(reached, endpoint, signal);
  }

  async guestCredentials(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<GuestCredentials> {
    return (await this.#reach(machine, record, call.scope)).credentials();
  }

  async *readLog(
    machine: MachineSpec,
    record: BackendRecord,
    request: LogRequest,
    { scope, signal }: BackendCall,
  ): AsyncGenerator<Buffer> {
    const { readLog } = await reaching();
    const { console, qemu } = this.machineOf(machine, record, scope).logs;
    yield* readLog(request.log === 'console' ? console : qemu, request, signal);
  }

  sshAddress({ identity }: MachineSpec): SshAddress {
    return { host: '127.0.0.1', port: identity.sshPort };
  }

  async sshFiles(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<SshFiles> {
    return (await this.#reach(machine, record, call.scope)).sshFiles();
  }

  // Diagnosis.

  /** What this host has and lacks, for `goqemu doctor`. */
  async doctor(signal?: AbortSignal): Promise<readonly DoctorFact[]> {
    const { doctor } = await acting();
    return doctor(this.host, signal);
  }

  /** What labs have here, whether their states are there or not. */
  async findFootprints(): Promise<readonly LabFootprint[]> {
    const { findFootprints } = await acting();
    return findFootprints(this.host);
  }

  /** Leaves nothing of it. */
  async removeFootprint(footprint: LabFootprint, signal?: AbortSignal): Promise<void> {
    const { removeFootprint } = await acting();
    await removeFootprint(this.host, footprint, signal);
  }

  /** One machine: the one place that asks who made it. */
  machineOf(machine: MachineSpec, record: BackendRecord, scope: LabScope): BackendMachine {
    const place = this.#place(machine, scope);
    const adopted = adoptedRecord(record);
    return adopted ? new ImportedMachine(place, adopted) : new OwnMachine(place, record);
  }

  labFolder(scope: LabScope): string {
    return join(this.host.folders.labs, `${scope.lab}-${scope.lineage}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions[Symbol.asyncDispose]();
  }

  #reach(machine: MachineSpec, record: BackendRecord, scope: LabScope) {
    return this.machineOf(machine, record, scope).reach();
  }

  #verbs(machine: MachineSpec, record: BackendRecord, scope: LabScope) {
    return this.machineOf(machine, record, scope).verbs();
  }

  #place(spec: MachineSpec, scope: LabScope): MachinePlace {
    return { host: this.host, spec, scope, labFolder: this.labFolder(scope), sessions: this.#sessions };
  }
}

function reaching() {
  return import('./reaching.ts');
}

function acting() {
  return import('./acting.ts');
}
