import { scaledTimeout } from '@goqemu/core';
import { type Command, commandText } from '@goqemu/guest';
import { takeBaseline } from '../changes/baseline.ts';
import { journalMark } from '../matchers/journal.ts';
import { checkName, checkOptions, checkPath, checkText, optionInvalid } from '../options/check-options.ts';
import { checkWaitOptions, usualWaiting, type WaitOptions } from '../options/wait-options.ts';
import { screenProbe } from '../screen/screen-probe.ts';
import type { TestedGuest } from '../tested-guest.ts';
import {
  type CommandProbeOptions,
  type HttpProbeOptions,
  type JournalProbeOptions,
  type MachineProbes,
  machineBrand,
  type PortProbeOptions,
} from './machine-probes.ts';
import { type ProbedMachine, probe } from './probe.ts';

/** Options of {@link probesOf}. */
export interface ProbesOptions extends WaitOptions {
  /** What messages call the machine, as tests do. @default 'machine' @example 'web' */
  readonly name?: string;
  /** The name or address by which other machines reach it. @default its name @example '10.40.0.3' */
  readonly host?: string;
}

/**
 * What `expect` can ask of a machine: of a `QemuVM`, or of a machine of a lab. `timeout`, `interval` and `signal` are those of
 * every matcher that has none of its own.
 *
 * @throws GoqemuError `option-invalid`
 * @example
 * const web = probesOf(lab.machine('web'), { name: 'web', timeout: '1 min' });
 * await expect(web.unit('nginx')).toBeActive();
 */
export function probesOf(guest: TestedGuest, options: ProbesOptions = {}): MachineProbes {
  const machine = readMachine(guest, options);
  const what = (kind: string) => `${machine.name}.${kind}()`;
  return {
    [machineBrand]: machine,
    unit: (name) => named('unit', checkUnit(what('unit'), name)),
    port: (port, given) => portProbe(machine, what('port'), port, given),
    http: (url, given) => httpProbe(machine, what('http'), url, given),
    file: (path) => named('file', checkPath(what('file'), path)),
    process: (name) => named('process', checkText(what('process'), 'name', name, 'the name of a process')),
    package: (name) => named('package', checkName(what('package'), name, 'the name of a package')),
    user: (name) => named('user', checkName(what('user'), name, 'the name of a user')),
    journal: (given) => journalProbe(machine, what('journal'), given),
    command: (command, given) => commandProbe(machine, what('command'), command, given),
    mount: (path) => named('mount', checkPath(what('mount'), path)),
    service: (name) => named('service', checkService(what('service'), name)),
    get screen() {
      return screenProbe(machine);
    },
    baseline: async (given) => {
      machine.baselines.last = await takeBaseline(machine, given);
      return machine.baselines.last;
    },
  } as MachineProbes;

  function named<K extends 'unit' | 'file' | 'process' | 'package' | 'user' | 'mount' | 'service'>(
    kind: K,
    name: string,
  ) {
    return probe(kind, machine, name, JSON.stringify(name));
  }
}

function readMachine(guest: TestedGuest, options: ProbesOptions): ProbedMachine {
  const what = 'probesOf()';
  if (typeof guest?.exec !== 'function')
    throw optionInvalid(what, 'guest', 'a machine with exec, such as a QemuVM', guest);
  const {
    name = 'machine',
    host = name,
    ...waiting
  } = checkOptions<ProbesOptions>(what, options, ['name', 'host', 'timeout', 'interval', 'signal']);
  checkText(what, 'name', name, 'the name of a machine');
  checkText(what, 'host', host, 'a host name or an address');
  return { guest, name, host, waiting: { ...usualWaiting, ...checkWaitOptions(what, waiting) }, baselines: {} };
}

/** Systemctl takes patterns and, with a slash, paths for units. */
function checkUnit(what: string, value: unknown): string {
  const name = checkText(what, 'name', value, 'the name of a unit');
  if (/^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/.test(name) && name.length <= 255) return name;
  throw optionInvalid(what, 'name', 'the name of one unit, such as "nginx" or "backup.timer"', name);
}

/** It becomes part of a path. */
function checkService(what: string, value: unknown): string {
  const name = checkUnit(what, value);
  if (name === '.' || name === '..') throw optionInvalid(what, 'name', 'the name of a service', name);
  return name;
}

function portProbe(machine: ProbedMachine, what: string, port: number, options: PortProbeOptions | undefined) {
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw optionInvalid(what, 'port', 'a whole number from 1 to 65535', port);
  const { protocol = 'tcp' } = checkOptions<PortProbeOptions>(what, options, ['protocol']);
  if (protocol !== 'tcp' && protocol !== 'udp') throw optionInvalid(what, 'protocol', "'tcp' or 'udp'", protocol);
  return probe('port', machine, { port, protocol }, protocol === 'tcp' ? `${port}` : `${port}, { protocol: "udp" }`);
}

function httpProbe(machine: ProbedMachine, what: string, given: string | URL, options: HttpProbeOptions | undefined) {
  const url = URL.canParse(String(given)) ? new URL(String(given)) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw optionInvalid(what, 'url', 'a URL of http or https, such as "http://localhost:8080/health"', String(given));
  const { method = 'GET', headers = {} } = checkOptions<HttpProbeOptions>(what, options, ['method', 'headers']);
  if (typeof method !== 'string' || !/^[A-Z]{1,20}$/.test(method))
    throw optionInvalid(what, 'method', "a method such as 'GET'", method);
  if (typeof headers !== 'object' || headers === null)
    throw optionInvalid(what, 'headers', 'an object of texts', headers);
  for (const [name, value] of Object.entries(headers)) {
    // RFC 9110 §5.1 and §5.5; a line break would begin another header.
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw optionInvalid(what, 'headers', 'names of headers', name);
    if (typeof value !== 'string' || /[\0\r\n]/.test(value))
      throw optionInvalid(what, `headers.${name}`, 'a text of one line', value);
  }
  return probe('http', machine, { url, method, headers }, JSON.stringify(url.href));
}

function journalProbe(machine: ProbedMachine, what: string, options: JournalProbeOptions | undefined) {
  const { unit } = checkOptions<JournalProbeOptions>(what, options, ['unit']);
  if (unit !== undefined) checkUnit(what, unit);
  const shown = unit === undefined ? '' : `{ unit: ${JSON.stringify(unit)} }`;
  const call = { timeoutMs: scaledTimeout(30_000, process.env), signal: machine.waiting.signal };
  return { ...probe('journal', machine, { unit }, shown), mark: () => journalMark(machine, call) };
}

function commandProbe(
  machine: ProbedMachine,
  what: string,
  command: Command,
  options: CommandProbeOptions | undefined,
) {
  const isScript = typeof command === 'string' && command !== '';
  const isList = Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === 'string');
  if (!isScript && !isList) throw optionInvalid(what, 'command', 'a script or a list of words', command);
  const { sudo = false } = checkOptions<CommandProbeOptions>(what, options, ['sudo']);
  if (typeof sudo !== 'boolean') throw optionInvalid(what, 'sudo', 'true or false', sudo);
  const text = JSON.stringify(commandText(command));
  return probe('command', machine, { command, sudo }, text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
