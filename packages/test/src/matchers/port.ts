import { askGuest } from '../ask/ask-guest.ts';
import type { Question } from '../expect/question.ts';
import { checkOptions, optionInvalid } from '../options/check-options.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import { type MachineProbes, machineOf } from '../probes/machine-probes.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';
import { type Attempt, attemptWords, reach } from './reach.ts';

/** Options of {@link PortMatchers.toBeReachableFrom}. */
export interface ReachOptions extends WaitOptions {
  /** The name or address by which the other machine reaches this one. @default the machine's name @example '10.40.0.3' */
  readonly host?: string;
}

/** What a port of a machine is expected to be. */
export interface PortMatchers {
  /** A process listens on it, on any of the machine's addresses. */
  toBeListening(options?: WaitOptions): Promise<void>;
  /**
   * Another machine can connect to it, over TCP. A name that it cannot resolve is an answer neither to this nor to its contrary.
   *
   * @param machine its probes, or a test's machine, which has them
   */
  toBeReachableFrom(machine: MachineProbes, options?: ReachOptions): Promise<void>;
}

export interface PortSubject {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

export type PortProbe = ProbeOf<'port', PortSubject>;

export function portMatchers(probe: PortProbe, check: Check): PortMatchers {
  return {
    toBeListening: (options) => check('toBeListening', [], options, () => listening(probe)),
    toBeReachableFrom: (from, options) => {
      const { host, ...waiting } = options ?? {};
      return check('toBeReachableFrom', [from], waiting, (what) => reachable(what, probe, from, host));
    },
  };
}

function listening({ subject, machine: { guest } }: PortProbe): Question<readonly string[]> {
  return {
    expected: `a process that listens on ${subject.protocol} port ${subject.port}`,
    ask: async (call) => {
      const words = [subject.protocol, hexadecimal(subject.port), subject.protocol === 'tcp' ? '0A' : '07'];
      return addresses((await askGuest(guest, call, { script: sockets, words })).stdout);
    },
    holds: (found) => found.length > 0,
    got: (found) => (found.length > 0 ? `listening on ${found.join(', ')}` : 'nothing listens on it'),
    evidence: async (_found, call) => {
      const { stdout } = await askGuest(guest, call, {
        script: listeners,
        words: [subject.protocol === 'tcp' ? 't' : 'u'],
      });
      return { title: 'what listens', text: stdout, from: 'start' };
    },
  };
}

function reachable(what: string, probe: PortProbe, from: MachineProbes, host: string | undefined): Question<Attempt> {
  const other = machineOf(from);
  if (!other) throw optionInvalid(what, 'machine', 'a machine of the test, or what probesOf returned', from);
  checkOptions<ReachOptions>(what, host === undefined ? {} : { host }, ['host']);
  if (host !== undefined && (typeof host !== 'string' || !/^[A-Za-z0-9_.:][A-Za-z0-9_.:-]*$/.test(host)))
    throw optionInvalid(what, 'host', 'a host name or an address', host);
  if (probe.subject.protocol !== 'tcp')
    throw optionInvalid(what, 'protocol', "'tcp': that a datagram arrives is not confirmed by anything", 'udp');
  const target = { host: host ?? probe.machine.host, port: probe.subject.port };
  const listens = listening(probe);
  return {
    expected: `reachable from ${other.name} at ${target.host} port ${target.port}`,
    ask: (call) => reach(other.guest, call, target),
    holds: ({ outcome }) => (outcome === 'unresolved' ? undefined : outcome === 'connected'),
    got: attemptWords,
    evidence: async (_attempt, call) => {
      const text = listens.got(await listens.ask(call));
      return { title: `port ${target.port} in ${probe.machine.name}`, text, from: 'start' };
    },
  };
}

function hexadecimal(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** proc(5), /proc/net/tcp and udp: local address and port in hexadecimal, then the other side's, then the state. */
const sockets = `cat "/proc/net/$1" "/proc/net/\${1}6" 2>/dev/null | grep -E "^ *[0-9]+: [0-9A-F]+:$2 [0-9A-F]+:[0-9A-F]+ $3 " || :`;

const listeners = `ss -lnp"$1" 2>/dev/null || netstat -lnp"$1" 2>/dev/null || echo 'the guest has neither ss nor netstat to show it'`;

function addresses(table: string): readonly string[] {
  const found = table.split('\n').flatMap((line) => /^ *\d+: ([0-9A-F]+):/.exec(line)?.[1] ?? []);
  return [...new Set(found.map(address))];
}

/** Four bytes at a time, each group in the byte order of the guest; all of goqemu's guests are little-endian. */
function address(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((group) => (group.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => `${bytes[2 * at]}${bytes[2 * at + 1]}`.replace(/^0{1,3}/, ''));
  return new URL(`http://[${groups.join(':').toLowerCase()}]/`).hostname.slice(1, -1);
}
