import type {
  HostPort,
  ImportableMachine,
  LogRequest,
  MachineSpec,
  NetworkConfiguration,
  PortProblem,
  StoredLayer,
  TakenRange,
} from '@goqemu/lab';
import type { NetworkFaults } from '@goqemu/spec';

/** A machine of the fake host. Its disk is the list of what has been done to it. */
export interface FakeMachine {
  spec: MachineSpec;
  status: 'running' | 'paused' | 'stopped' | 'suspended' | 'crashed' | 'damaged';
  /** Of a suspended machine: why its RAM is lost, where it is. */
  lostRam?: string | undefined;
  /** True once a start or a restore has finished: nothing can be run before. */
  ready: boolean;
  disk: string[];
  layer: string | null;
  /** Names of the processes that ever ran for it, the last being the one that runs. */
  boots: number;
}

/** A layer in the store of a fake host. */
export interface FakeLayer {
  stored: StoredLayer;
  readonly disk: readonly string[];
  /** Lineages of the labs that use it. */
  readonly owners: Set<string>;
  /** What of it a look finds damaged: a lost disk is a lost layer, and what stands on it is lost with it. */
  damage?: 'disk' | 'ram';
}

/** A machine that was started outside goqemu. */
export interface ForeignMachine {
  readonly machine: FakeMachine;
  readonly facts: Omit<ImportableMachine, 'record' | 'instance' | 'display'>;
  readonly socket?: string;
  /** The lab's access key has been let in. */
  authorized?: boolean;
}

/** The switch of a stack, which carries its networks. */
export interface FakeSwitch {
  readonly configuration: NetworkConfiguration;
  status: 'running' | 'half configured' | 'stopped' | 'dead';
  /** How often a process of it was started. */
  readonly starts: number;
  /** Those that were set while it runs, by network. */
  readonly faults?: Readonly<Record<string, NetworkFaults>>;
}

/** What outlives a backend object, as a real host outlives the process that runs goqemu. */
export class FakeHost {
  /** By scope and backend name. */
  readonly machines = new Map<string, FakeMachine>();
  /** Machines that were started outside goqemu, by their process. */
  readonly foreign = new Map<number, ForeignMachine>();
  readonly layers = new Map<string, FakeLayer>();
  /** Key of each image by name; change one and the name has moved on. */
  readonly images = new Map<string, string>([
    ['debian-12', 'sha256:debian-12'],
    ['debian-13', 'sha256:debian-13'],
    ['ubuntu-24.04', 'sha256:ubuntu-24.04'],
  ]);
  /** Names of images that are not here yet: their keys are provisional until `ensureImage` fetches them. */
  readonly absentImages = new Set<string>();
  /** Bytes that a guest sees of an image, by name; known once it is here. */
  readonly imageSizes = new Map<string, number>();
  /** Ports that another program has, and what the backend says of each. */
  readonly takenPorts = new Map<HostPort, PortProblem>();
  /** What machines wrote, by their names. */
  readonly logs = new Map<string, Partial<Record<LogRequest['log'], string>>>();
  /** By scope: each stack with networks has one. */
  readonly switches = new Map<string, FakeSwitch>();
  /** By scope: the machines that are held, as often as they are. */
  readonly held = new Map<string, Set<ReadonlySet<string>>>();
  /** Ranges of addresses that no network may have. */
  takenRanges: readonly TakenRange[] = [];
  /** Bytes that machines may take together. */
  memory = 64 * 2 ** 30;
  disposed = 0;

  machine(name: string): FakeMachine | undefined {
    for (const [id, machine] of this.machines) if (id.endsWith(`/${name}`)) return machine;
    return undefined;
  }

  /** Another program takes a port. */
  takePort(port: HostPort, holder = 'another program', hint?: string): void {
    const message = `port ${port} of the host is taken by ${holder}`;
    this.takenPorts.set(port, { port, code: 'port-taken', message, ...(hint === undefined ? {} : { hint }) });
  }

  /** The machine dies, as QEMU does when it is killed. */
  crash(name: string): void {
    const machine = this.machine(name);
    if (machine) Object.assign(machine, { status: 'crashed', ready: false });
  }

  /** The RAM of a suspended machine disappears. */
  loseRam(name: string, reason = 'its file is gone'): void {
    const machine = this.machine(name);
    if (machine?.status === 'suspended') machine.lostRam = reason;
  }

  /** The switches die, as processes that are killed: all, or those of one stack. */
  killSwitch(stack?: string): void {
    for (const [id, one] of this.switches) if (stack === undefined || id.includes(`-${stack}-`)) one.status = 'dead';
  }

  /** The machine's disk disappears. */
  loseDisk(name: string): void {
    for (const id of this.machines.keys()) if (id.endsWith(`/${name}`)) this.machines.delete(id);
  }

  /** Restores a machine to a layer outside goqemu. */
  restoreBehind(name: string, layer: string): void {
    const machine = this.machine(name);
    const found = this.layers.get(layer);
    if (!machine || !found) throw new Error(`no machine ${name} or no layer ${layer}`);
    machine.disk = [...found.disk];
    machine.layer = layer;
  }
}
