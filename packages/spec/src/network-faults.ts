/**
 * What goes wrong with frames on their way in one direction. The words mean what they mean for netem (tc-netem(8),
 * iproute2 6.1).
 */
export interface Faults {
  /** Milliseconds that each frame takes longer. @default 0 @example 50 */
  readonly latency?: number;
  /** Milliseconds by which the latency varies, evenly to both sides. @default 0 @example 10 */
  readonly jitter?: number;
  /** Share of frames that are lost, 0 to 1. @default 0 @example 0.05 */
  readonly loss?: number;
  /** Share of frames that come twice, 0 to 1. @default 0 @example 0.01 */
  readonly duplication?: number;
  /** Share of frames that are sent at once, past those that the latency holds back, 0 to 1. @default 0 @example 0.25 */
  readonly reordering?: number;
  /** Bytes per second, from 1 to 10^12. @default no limit @example 125_000 */
  readonly rate?: number;
  /** Share of frames in which one bit is flipped, 0 to 1. @default 0 @example 0.01 */
  readonly corruption?: number;
}

/** What goes wrong with the cards of one machine in a network. It takes the place of what is said of the network, fault by fault. */
export interface MachineFaults {
  /** On the way from the machine into the network. */
  readonly from?: Faults;
  /** On the way from the network to the machine. */
  readonly to?: Faults;
  /** False: the cable is out. @default true */
  readonly cable?: boolean;
}

/** What goes wrong in a network: on the way to each machine, and what differs for some of them. */
export interface NetworkFaults extends Faults {
  /**
   * Groups of machines that reach only each other; all that are in none are one more group.
   *
   * @example [['db-1'], ['db-2', 'db-3']]
   */
  readonly partition?: readonly (readonly string[])[];
  /** By the names of machines. @example { web: { to: { loss: 0.5 } } } */
  readonly machines?: Readonly<Record<string, MachineFaults>>;
}

export interface FaultProperty {
  readonly least: number;
  readonly most: number;
  readonly unit: 'milliseconds' | 'share' | 'bytes per second';
  /** For help and docs, in Markdown. */
  readonly about: string;
}

/** Each fault once: its range and unit. */
export const faultProperties = {
  latency: { least: 0, most: 600_000, unit: 'milliseconds', about: 'each frame takes longer' },
  jitter: {
    least: 0,
    most: 600_000,
    unit: 'milliseconds',
    about: 'the latency varies evenly by as much to both sides; frames overtake each other',
  },
  loss: { least: 0, most: 1, unit: 'share', about: 'frames are lost' },
  duplication: { least: 0, most: 1, unit: 'share', about: 'frames come twice' },
  reordering: {
    least: 0,
    most: 1,
    unit: 'share',
    about: 'frames are sent at once, past those that the latency holds back',
  },
  rate: { least: 1, most: 1e12, unit: 'bytes per second', about: 'frames wait for their turn' },
  corruption: { least: 0, most: 1, unit: 'share', about: 'one bit of a frame is flipped' },
} as const satisfies Record<keyof Faults, FaultProperty>;

export const faultNames = Object.keys(faultProperties) as readonly (keyof Faults)[];

/** What is wrong with something that should be faults of a network. */
export interface FaultMistake {
  /** Where: `machines.web.to.loss`; empty for the whole. */
  readonly at: string;
  readonly expected: string;
}

/** The first mistake in what should be {@link NetworkFaults}; undefined when there is none. */
export function faultMistake(given: unknown): FaultMistake | undefined {
  if (!isRecord(given)) return { at: '', expected: 'an object such as { latency: 50 }' };
  const { partition, machines, ...faults } = given;
  return (
    amountMistake(faults, '') ??
    (partition === undefined || isPartition(partition)
      ? undefined
      : { at: 'partition', expected: "groups of names of machines, each machine once, such as [['web'], ['db']]" }) ??
    (machines === undefined ? undefined : machinesMistake(machines))
  );
}

/** The machines that faults are said of. */
export function machinesOfFaults({ partition = [], machines = {} }: NetworkFaults): readonly string[] {
  return [...new Set([...partition.flat(), ...Object.keys(machines)])];
}

/** The same faults of machines by other names; without those that have none, or of which nothing is said. */
export function withMachineNames(
  { partition, machines, ...faults }: NetworkFaults,
  nameOf: (machine: string) => string | undefined,
): NetworkFaults {
  const groups = partition?.map((group) => group.flatMap((machine) => nameOf(machine) ?? []));
  const kept = groups?.filter((group) => group.length > 0);
  const own = Object.entries(machines ?? {}).flatMap(([machine, its]) => {
    const name = nameOf(machine);
    return name === undefined || saysNothing(its) ? [] : [[name, its] as const];
  });
  return {
    ...faults,
    ...(kept?.length ? { partition: kept } : {}),
    ...(own.length > 0 ? { machines: Object.fromEntries(own) } : {}),
  };
}

/** True when nothing goes wrong. */
export function areNoFaults({ partition = [], machines = {}, ...faults }: NetworkFaults): boolean {
  return partition.length === 0 && Object.values(machines).every(saysNothing) && !Object.values(faults).some(Boolean);
}

/** An amount of 0 does say something: it takes the place of the network's. */
function saysNothing({ from = {}, to = {}, cable = true }: MachineFaults): boolean {
  return cable && Object.keys(from).length === 0 && Object.keys(to).length === 0;
}

function machinesMistake(machines: unknown): FaultMistake | undefined {
  if (!isRecord(machines)) return { at: 'machines', expected: 'an object by the names of machines' };
  for (const [name, its] of Object.entries(machines)) {
    const at = `machines.${name}`;
    if (!isRecord(its)) return { at, expected: 'an object such as { cable: false }' };
    const { from = {}, to = {}, cable = true, ...rest } = its;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) return { at: `${at}.${unknown}`, expected: 'from, to or cable' };
    if (typeof cable !== 'boolean') return { at: `${at}.cable`, expected: 'true or false' };
    for (const [direction, faults] of [
      ['from', from],
      ['to', to],
    ] as const) {
      const mistake = isRecord(faults)
        ? amountMistake(faults, `${at}.${direction}.`)
        : { at: `${at}.${direction}`, expected: 'an object such as { loss: 0.1 }' };
      if (mistake) return mistake;
    }
  }
  return undefined;
}

function amountMistake(faults: Readonly<Record<string, unknown>>, before: string): FaultMistake | undefined {
  for (const [name, amount] of Object.entries(faults)) {
    if (amount === undefined) continue;
    const at = `${before}${name}`;
    if (!Object.hasOwn(faultProperties, name)) return { at, expected: `one of ${faultNames.join(', ')}` };
    const { least, most, unit } = faultProperties[name as keyof Faults];
    if (typeof amount !== 'number' || !(amount >= least && amount <= most))
      return { at, expected: unit === 'share' ? 'a share from 0 to 1' : `${unit} from ${least} to ${most}` };
  }
  return undefined;
}

function isPartition(given: unknown): boolean {
  if (!Array.isArray(given)) return false;
  const isGroup = (group: unknown) =>
    Array.isArray(group) && group.length > 0 && group.every((name) => typeof name === 'string');
  return given.every(isGroup) && new Set(given.flat()).size === given.flat().length;
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
