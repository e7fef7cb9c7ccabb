import type { Duplex, Readable } from 'node:stream';
import { GoqemuError, internalError } from '@goqemu/core';
import type {
  Architecture,
  Backend,
  BackendCall,
  BackendCapabilities,
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
import type { NetworkFaults } from '@goqemu/spec';
import type { FakeCall } from './fake-call.ts';
import { fakeFacts, fakeFootprints, removeFakeFootprint } from './fake-diagnosis.ts';
import { FakeEndpoints, type FakeGuest } from './fake-endpoints.ts';
import { FakeHost } from './fake-host.ts';
import { FakeLayerStore } from './fake-layer-store.ts';
import { FakeMachines, type FakeOutput } from './fake-machines.ts';
import { type FakeFault, FakeMoments } from './fake-moments.ts';
import { FakeNetworks } from './fake-networks.ts';

/** The host that a fake backend works on, its faults and what it cannot do. */
export interface FakeBackendOptions {
  readonly host?: FakeHost;
  /**
   * Called before an acting verb does anything, when it has done half, and when it has done everything but
   * return. A test that throws here makes the verb fail, or the engine die, at that moment.
   */
  readonly fault?: FakeFault;
  /** What a script prints; `echo words` prints them, and anything else a digest of the disk and the script. */
  readonly output?: FakeOutput;
  /** What it can do: everything by default. A verb of a capability that is off fails the test that calls it. */
  readonly capabilities?: Partial<BackendCapabilities>;
  /** What its machines are that name no architecture. @default 'amd64' */
  readonly architecture?: Architecture;
  /** The guest of all its machines; without one, none runs commands. */
  readonly guest?: FakeGuest;
  /** What the host has and lacks; by default, that it is a fake. */
  readonly doctor?: readonly DoctorFact[];
}

const everything: BackendCapabilities = {
  ramLayers: true,
  suspendMachines: true,
  importMachines: true,
  coalesceLayers: true,
  flattenLayers: true,
  liveForwards: true,
  networks: true,
};

/**
 * A Backend that keeps machines in memory and behaves as the contract says; see fake-backend.md. As long as the interface,
 * whose verbs are a line or two each.
 */
export class FakeBackend implements Backend {
  readonly kind = 'fake';
  readonly architecture: Architecture;
  readonly capabilities: BackendCapabilities;
  readonly host: FakeHost;
  readonly calls: FakeCall[];
  readonly #moments: FakeMoments;
  readonly #layers: FakeLayerStore;
  readonly #machines: FakeMachines;
  readonly #networks: FakeNetworks;
  readonly #facts: readonly DoctorFact[];
  readonly #endpoints: FakeEndpoints;

  constructor(options: FakeBackendOptions = {}) {
    this.host = options.host ?? new FakeHost();
    this.architecture = options.architecture ?? 'amd64';
    this.#moments = new FakeMoments(options.fault);
    this.calls = this.#moments.calls;
    this.#layers = new FakeLayerStore(this.host, this.#moments);
    this.capabilities = { ...everything, ...options.capabilities };
    this.#endpoints = new FakeEndpoints(this.host, options.guest);
    this.#facts = options.doctor ?? fakeFacts;
    this.#networks = new FakeNetworks(this.host, this.#moments);
    this.#machines = new FakeMachines(this.host, this.#layers, this.#moments, options.output);
  }

  async resolveImage(reference: string, _arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    await this.#moments.reach('resolveImage', reference, 'before', call);
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
    const about = { reference, user: 'debian' };
    if (this.host.absentImages.has(reference))
      return { ...about, key: reference, description: `${reference}, to be downloaded`, present: false };
    const virtualSize = this.host.imageSizes.get(reference);
    const size = virtualSize === undefined ? {} : { virtualSize };
    return { ...about, key, description: `${reference}, cached`, present: true, ...size };
  }

  observe(
    machines: readonly { readonly machine: MachineSpec; readonly record: BackendRecord }[],
    call: BackendCall,
  ): Promise<ReadonlyMap<string, ObservedMachine>> {
    return this.#machines.observe(machines, call);
  }

  findLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlyMap<string, StoredLayer>> {
    return this.#layers.find(keys, call);
  }

  surveyLayers(call: BackendCall): Promise<ReadonlyMap<string, SurveyedLayer>> {
    return this.#layers.survey(call);
  }

  sshAddress({ identity }: MachineSpec): SshAddress {
    return { host: '127.0.0.1', port: identity.sshPort };
  }

  async checkPorts(ports: readonly HostPort[], call: BackendCall): Promise<readonly PortProblem[]> {
    await this.#moments.reach('checkPorts', '', 'before', call);
    return ports.flatMap((port) => this.host.takenPorts.get(port) ?? []);
  }

  async preflight(_machines: readonly MachineSpec[], call: BackendCall): Promise<readonly Preflight[]> {
    await this.#moments.reach('preflight', '', 'before', call);
    return [];
  }

  importMachine(
    machine: MachineSpec,
    target: ImportTarget,
    options: { readonly authorize: boolean },
    call: BackendCall,
  ): Promise<ImportableMachine> {
    this.#mustHave('importMachines');
    return this.#machines.importMachine(machine, target, options, call);
  }

  async memoryBudget(call: BackendCall): Promise<number> {
    await this.#moments.reach('memoryBudget', '', 'before', call);
    return this.host.memory;
  }

  async ensureImage(image: ResolvedImage, arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    await this.#moments.reach('ensureImage', image.reference, 'before', call);
    this.host.absentImages.delete(image.reference);
    return this.resolveImage(image.reference, arch, call);
  }

  create(machine: MachineSpec, origin: MachineOrigin, call: BackendCall): Promise<BackendRecord> {
    return this.#machines.create(machine, origin, call);
  }

  start(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return this.#machines.start(machine, record, call);
  }

  stop(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    return this.#machines.stop(machine, record, call);
  }

  suspend(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    this.#mustHave('suspendMachines');
    return this.#machines.suspend(machine, record, call);
  }

  resume(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    this.#mustHave('suspendMachines');
    return this.#machines.resume(machine, record, call);
  }

  delete(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<void> {
    return this.#machines.delete(machine, record, call);
  }

  runStep(machine: MachineSpec, record: BackendRecord, step: ResolvedStep, call: BackendCall): Promise<StepResult> {
    return this.#machines.runStep(machine, record, step, call);
  }

  cutLayers(cuts: readonly CutLayer[], call: BackendCall): Promise<readonly CutResult[]> {
    if (cuts.some(({ ram }) => ram)) this.#mustHave('ramLayers');
    return this.#machines.cutLayers(cuts, call);
  }

  async restore(machine: MachineSpec, record: BackendRecord, layer: string, call: BackendCall): Promise<BackendRecord> {
    const restored = await this.#machines.restore(machine, record, layer, call);
    if (this.capabilities.ramLayers) this.#layers.renewRam(layer);
    return restored;
  }

  claimLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlySet<string>> {
    return this.#layers.claimAll(keys, call);
  }

  describeLayer(key: string, descriptions: readonly string[], call: BackendCall): Promise<StoredLayer> {
    return this.#layers.describe(key, descriptions, call);
  }

  coalesceLayers(
    keys: readonly string[],
    call: BackendCall,
  ): Promise<{ readonly keys: readonly string[]; readonly bytes: number }> {
    this.#mustHave('coalesceLayers');
    return this.#layers.coalesce(keys, call);
  }

  flattenLayer(key: string, call: BackendCall): Promise<FlattenedLayer> {
    this.#mustHave('flattenLayers');
    return this.#layers.flatten(key, call);
  }

  collectLayers(
    keep: readonly string[],
    call: BackendCall,
    options?: { readonly dryRun?: boolean },
  ): Promise<CollectedLayers> {
    return this.#layers.collect(keep, call, options);
  }

  hostRoutes(call: BackendCall): Promise<readonly TakenRange[]> {
    this.#mustHave('networks');
    return this.#networks.hostRoutes(call);
  }

  observeNetworks(call: BackendCall): Promise<ReadonlyMap<string, ObservedNetwork>> {
    this.#mustHave('networks');
    return this.#networks.observe(call);
  }

  applyNetworks(wanted: NetworkConfiguration, call: BackendCall): Promise<void> {
    this.#mustHave('networks');
    return this.#networks.apply(wanted, call);
  }

  setForwards(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    this.#mustHave('liveForwards');
    return this.#machines.setForwards(machine, record, call);
  }

  joinNetworks(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    this.#mustHave('networks');
    return this.#machines.joinNetworks(machine, record, call);
  }

  viewNetworks(call: BackendCall): Promise<readonly NetworkView[]> {
    this.#mustHave('networks');
    return this.#networks.view(call);
  }

  captureFrames(of: CaptureOf, call: BackendCall): Promise<Readable> {
    this.#mustHave('networks');
    return this.#networks.capture(of, call);
  }

  setFaults(faults: Readonly<Record<string, NetworkFaults | null>>, call: BackendCall): Promise<void> {
    this.#mustHave('networks');
    return this.#networks.setFaults(faults, call);
  }

  holdMachines(machines: readonly string[], call: BackendCall): Promise<AsyncDisposable> {
    this.#mustHave('networks');
    return this.#networks.hold(machines, call);
  }

  stopNetworks(call: BackendCall): Promise<void> {
    this.#mustHave('networks');
    return this.#networks.stop(call);
  }

  removeNetworks(call: BackendCall): Promise<void> {
    this.#mustHave('networks');
    return this.#networks.remove(call);
  }

  async dispose(call: BackendCall): Promise<void> {
    await this.#moments.reach('dispose', '', 'before', call);
    this.host.disposed++;
  }

  openEndpoint(
    machine: MachineSpec,
    _record: BackendRecord,
    endpoint: Endpoint,
    { signal }: BackendCall,
  ): Promise<Duplex> {
    return this.#endpoints.open(machine, endpoint, signal);
  }

  guestCredentials(machine: MachineSpec): Promise<GuestCredentials> {
    return this.#endpoints.credentials(machine);
  }

  readLog(
    machine: MachineSpec,
    _record: BackendRecord,
    request: LogRequest,
    { signal }: BackendCall,
  ): AsyncIterable<Buffer> {
    return this.#endpoints.readLog(machine, request, signal);
  }

  async sshFiles(): Promise<SshFiles> {
    return { identityFile: '/keys/id_ed25519', knownHostsFile: '/keys/known hosts' };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async doctor(): Promise<readonly DoctorFact[]> {
    return this.#facts;
  }

  async findFootprints(): Promise<readonly LabFootprint[]> {
    return fakeFootprints(this.host);
  }

  async removeFootprint(footprint: LabFootprint): Promise<void> {
    removeFakeFootprint(this.host, footprint);
  }

  #mustHave(capability: keyof BackendCapabilities): void {
    if (!this.capabilities[capability]) throw internalError(`the engine did not ask whether there is ${capability}`);
  }
}
