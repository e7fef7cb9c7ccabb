import type { Command } from '@goqemu/guest';
import type { Baseline, BaselineOptions } from '../changes/baseline-types.ts';
import type { JournalProbes } from './journal-probes.ts';
import type { Probe, ProbedMachine } from './probe.ts';
import type { ScreenProbes } from './screen-probes.ts';

/** Options of `port()`. */
export interface PortProbeOptions {
  /** @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp';
}

/** Options of `http()`. */
export interface HttpProbeOptions {
  /** @default 'GET' @example 'HEAD' */
  readonly method?: string;
  /** Headers of the request. @default none @example { authorization: 'Bearer x' } */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Options of `journal()`. */
export interface JournalProbeOptions {
  /** Only what this unit writes. @default all */
  readonly unit?: string;
}

/** Options of `command()`. */
export interface CommandProbeOptions {
  /** As root. @default false, as the machine's user */
  readonly sudo?: boolean;
}

/**
 * What a machine can be asked with {@link expect}. Making a probe asks nothing yet. Each throws `option-invalid` for what
 * cannot be one. All but `http` and `command` ask as root.
 */
export interface MachineProbes {
  /** A unit of systemd; without a suffix it is a service. */
  unit(name: string): Probe<'unit'>;
  port(port: number, options?: PortProbeOptions): Probe<'port'>;
  /** A request that the machine itself makes, as its user: by curl, wget, Perl or Python, whichever is there. */
  http(url: string | URL, options?: HttpProbeOptions): Probe<'http'>;
  /** What is at an absolute path. */
  file(path: string): Probe<'file'>;
  /** Processes of this name, as `ps -o comm` shows it. */
  process(name: string): Probe<'process'>;
  package(name: string): Probe<'package'>;
  user(name: string): Probe<'user'>;
  journal(options?: JournalProbeOptions): JournalProbes;
  /** A command as `exec` takes it: a script, or a program and its words. */
  command(command: Command, options?: CommandProbeOptions): Probe<'command'>;
  /** An absolute path at which a file system may be mounted. */
  mount(path: string): Probe<'mount'>;
  /** A service of whichever init the guest has. */
  service(name: string): Probe<'service'>;
  /** Its screen, of a machine with `display: true`. */
  readonly screen: ScreenProbes;
  /**
   * Remembers the machine's files and packages as they are, for {@link MachineMatchers.toHaveChangedOnly}, which compares with
   * the last baseline by default, or else with the checkpoint that the test began at.
   *
   * @throws GoqemuError `expectation-unanswered`
   */
  baseline(options?: BaselineOptions): Promise<Baseline>;
}

/** On an object with the probes of a machine: which machine that is. Enumerable, so that a spread copies it, too. */
export const machineBrand = Symbol.for('goqemu.test.machine');

/** The machine whose probes an object has; undefined where it has none. */
export function machineOf(value: unknown): ProbedMachine | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<symbol, ProbedMachine | undefined>)[machineBrand];
}
