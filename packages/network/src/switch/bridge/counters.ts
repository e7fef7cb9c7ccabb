/** Why a frame was not delivered. */
export const dropReasons = [
  /** Shorter than a header of Ethernet. */
  'runt',
  /** Longer than the network's MTU. */
  'oversize',
  /** The cable of the port is out. */
  'cable',
  /** The two ports are on different sides of a partition. */
  'partition',
  /** One of the two machines is held, for instance because it is being restored. */
  'held',
  /** More broadcasts, multicasts and unknown stations in a second than a port may flood. */
  'storm',
  /** Stations jump between ports, as they do when two ports are connected outside of the switch. */
  'loop',
  /** The receiver reads more slowly than others send. */
  'queue',
  /** No QEMU is connected to the port. */
  'disconnected',
  /** The loss that was set as a fault. */
  'loss',
  /** More is delayed by a fault than its limit. */
  'delayed',
  /** Dropped on command, when a machine was cut or restored. */
  'flushed',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** What passed a port in one direction. */
export interface DirectionCounters {
  frames: number;
  /** Without the lengths between frames. */
  bytes: number;
  readonly dropped: Record<DropReason, number>;
}

/** What passed a port since it was made. */
export interface PortCounters {
  readonly fromMachine: DirectionCounters;
  readonly toMachine: DirectionCounters;
  /** Connections that ended or could not be kept: the stream was out of step, or the socket failed. */
  errors: number;
  /** Times that a QEMU was connected. */
  connects: number;
  /** Stations that were seen at another port before. */
  moves: number;
}

export function portCounters(): PortCounters {
  return { fromMachine: direction(), toMachine: direction(), errors: 0, connects: 0, moves: 0 };
}

function direction(): DirectionCounters {
  const dropped = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>;
  return { frames: 0, bytes: 0, dropped };
}
