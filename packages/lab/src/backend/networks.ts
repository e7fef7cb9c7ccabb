import type { Readable } from 'node:stream';
import type { CardIdentity, MachineSpec, NetworkFaults, NetworkSpec } from '@goqemu/spec';
import type { BackendCall, BackendRecord } from './call.ts';

/** A machine as its networks know it. */
export interface NetworkMachine {
  /** As in `MachineSpec`: the backend's name for it. */
  readonly name: string;
  /** What it is called in its networks: `web`, and `web.lan`. */
  readonly hostname: string;
  /** Other names that lead to it: the lab's name for it, where that is another one. */
  readonly aliases: readonly string[];
  /** By their slots. */
  readonly cards: readonly CardIdentity[];
}

/** All networks of one stack of a lab. */
export interface NetworkConfiguration {
  readonly networks: readonly NetworkSpec[];
  /** Those with a card in one of these networks, whether or not they are made or run. */
  readonly machines: readonly NetworkMachine[];
}

/** The result of a status check. */
export interface ObservedNetwork {
  /** `down`: it was made, and carries nothing now; `absent`: nothing of it is there. */
  readonly status: 'running' | 'down' | 'absent';
  /** Why it is not running. */
  readonly reason?: string;
}

/** What passed a card in one direction. */
export interface CardTraffic {
  readonly frames: number;
  /** Without what the network adds between frames. */
  readonly bytes: number;
  /** Frames that were dropped, by the reason: `loss`, `partition`, `queue`. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** What passed a card since it came into its network, or its network came up. */
export interface CardCounters {
  /** The backend's name for it. */
  readonly machine: string;
  readonly slot: number;
  /** Whether its machine is there to send and receive. */
  readonly isConnected: boolean;
  readonly fromMachine: CardTraffic;
  readonly toMachine: CardTraffic;
}

/** Something outside that a machine asked for, and that no network of it allows. */
export interface RefusedRequest {
  readonly machine: string;
  /** A name, or protocol, address and port: `tcp 192.0.2.7:443`. */
  readonly what: string;
  readonly why: string;
  readonly times: number;
  /** When it was refused last, in milliseconds since 1970. */
  readonly at: number;
}

/** A network that runs, as it is now. Machines are called by the backend's names. */
export interface NetworkView {
  readonly name: string;
  readonly faults: NetworkFaults;
  /** True: they were set by `setFaults`, in the place of those of the network's specification. */
  readonly manual: boolean;
  readonly cards: readonly CardCounters[];
  /** The last that its machines were refused outside, the newest first. */
  readonly refusals: readonly RefusedRequest[];
}

/** What a capture is of: a network, each frame where it enters; or a machine, both directions, or one of its cards. */
export type CaptureOf = { readonly network: string } | { readonly machine: string; readonly slot?: number };

/** A range of addresses that the place uses, and that no network may have. */
export interface TakenRange {
  /** `192.168.1.0/24`. */
  readonly cidr: string;
  /** What uses it, human-readable: `the route of this host over eth0`. */
  readonly holder: string;
}

/**
 * A backend's role: the networks between machines, where `capabilities.networks` says that there are any. Each stack has
 * networks of its own, and sees nothing of those of another stack, whatever their names and addresses.
 */
export interface NetworkRole {
  // Looking: read-only, never blocked by another apply.
  /** Which ranges are taken: asked before addresses are chosen. Default routes are none. */
  hostRoutes?(call: BackendCall): Promise<readonly TakenRange[]>;
  /** By name: the networks of the stack; one that is not listed is absent. */
  observeNetworks?(call: BackendCall): Promise<ReadonlyMap<string, ObservedNetwork>>;

  /** Those of the stack that run. */
  viewNetworks?(call: BackendCall): Promise<readonly NetworkView[]>;
  /**
   * Frames as they pass, in pcapng, until the stream is destroyed or the networks end. What they do is not disturbed: where
   * the reader is too slow, frames are left out of the stream.
   *
   * @throws GoqemuError `network-down` for what does not run
   */
  captureFrames?(of: CaptureOf, call: BackendCall): Promise<Readable>;

  // Acting.
  /**
   * Brings the networks of the stack up, with these machines and no others; what is there already stays, and what runs
   * keeps its connections. Machines may be there, run, or come later.
   */
  applyNetworks?(wanted: NetworkConfiguration, call: BackendCall): Promise<void>;
  /**
   * Brings a running machine into the networks that its spec says, and out of others, without a restart: its guest knows
   * its addresses afterwards. `applyNetworks` comes before it with the networks that it joins. `start` and `restore` do
   * the same for a machine that they bring up.
   */
  joinNetworks?(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  /**
   * Lets nothing pass between these machines of the stack and any other one, and drops what is under way, until the result
   * is disposed of or this process has ended. They are restored meanwhile: none may speak with one of before.
   * `applyNetworks` came before. A machine in no network is none to hold.
   *
   * @param machines by the backend's names for them
   */
  holdMachines?(machines: readonly string[], call: BackendCall): Promise<AsyncDisposable>;
  /**
   * Sets what goes wrong in networks that run, in the place of what their specification says; null makes the latter apply
   * again. Networks that are not named stay as they are. It outlives `applyNetworks`, and ends with the network.
   *
   * @throws GoqemuError `network-down` for one that does not run
   */
  setFaults?(faults: Readonly<Record<string, NetworkFaults | null>>, call: BackendCall): Promise<void>;
  /**
   * Ends what carries the networks of the stack, none of whose machines runs. The next `applyNetworks` brings them up, with
   * what `setFaults` has set. None to end is no error.
   */
  stopNetworks?(call: BackendCall): Promise<void>;
  /** Leaves nothing of the stack's networks: no process, socket or folder. None to remove is no error. */
  removeNetworks?(call: BackendCall): Promise<void>;
}
