import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { GoqemuError, withDeadline } from '@goqemu/core';
import { LineSplitter } from '@goqemu/protocol';
import type { MachineTypeFact, QemuFeatures, QemuVersion } from './installation.ts';
import { usedTypes } from './used-types.ts';

/** QMP commands of docs/interop/qemu-qmp-ref; all are there since QEMU 6.2 or much earlier. */
const plainQuestions = {
  version: { execute: 'query-version' },
  machines: { execute: 'query-machines' },
  options: { execute: 'query-command-line-options' },
  capabilities: { execute: 'query-migrate-capabilities' },
  schema: { execute: 'query-qmp-schema' },
} as const;

/** These make QEMU load all of its modules, to know every type; the options of SPICE are known only after that. */
const typeQuestions = {
  devices: { execute: 'qom-list-types', arguments: { implements: 'device', abstract: false } },
  accelerators: { execute: 'qom-list-types', arguments: { implements: 'accel', abstract: false } },
  objects: { execute: 'qom-list-types', arguments: { implements: 'user-creatable', abstract: false } },
} as const;

interface Answers {
  readonly version: { qemu: { major: number; minor: number; micro: number }; package: string };
  readonly machines: { name: string; alias?: string; 'is-default'?: boolean; 'cpu-max': number }[];
  readonly devices: { name: string }[];
  readonly accelerators: { name: string }[];
  readonly objects: { name: string }[];
  readonly options: { option: string }[];
  readonly capabilities: { capability: string }[];
  readonly schema: { name: string; 'meta-type': string; values?: string[]; features?: string[] }[];
  readonly complete: boolean;
}

export interface ProbedBinary {
  readonly version: QemuVersion;
  readonly features: QemuFeatures;
}

/**
 * Asks a binary what it can do: one QEMU without a machine, all questions sent at once over its standard input.
 *
 * @throws GoqemuError `qemu-unusable` when it does not run or does not speak QMP; `timeout` after 60 s
 */
export async function probeBinary(path: string, signal?: AbortSignal): Promise<ProbedBinary> {
  return await withDeadline(`probing ${path}`, 60_000, signal, async (inner) => {
    const [answers, netdevs] = await Promise.all([ask(path, inner), listNetdevs(path, inner)]);
    return { version: versionOf(answers), features: featuresOf(answers, netdevs) };
  });
}

/**
 * A QEMU beside another version finds that one's modules in the system's folder, and some builds abort on them
 * (util/module.c). Then the types that goqemu uses are asked about one by one, which loads no module.
 */
async function ask(path: string, signal: AbortSignal): Promise<Answers> {
  const whole = await converse(path, { ...typeQuestions, ...plainQuestions }, signal);
  if (whole.missing.length === 0) return { ...(whole.answers as unknown as Answers), complete: true };
  const byName = Object.fromEntries(
    Object.values(usedTypes)
      .flat()
      .map((typename) => [typename, { execute: 'qom-list-properties', arguments: { typename } }]),
  );
  const { answers, missing } = await converse(path, { ...plainQuestions, ...byName }, signal);
  const lost = missing.filter((id) => id in plainQuestions);
  if (lost.length > 0) throw unusable(path, `no answer about ${lost.join(', ')}\n${whole.stderr}`);
  const there = (names: readonly string[]) => names.filter((name) => name in answers).map((name) => ({ name }));
  return {
    ...(answers as unknown as Answers),
    devices: there(usedTypes.devices),
    objects: there(usedTypes.objects),
    accelerators: there(usedTypes.accelerators),
    complete: false,
  };
}

async function converse(path: string, questions: Record<string, object>, signal: AbortSignal) {
  const lines = [
    { execute: 'qmp_capabilities' },
    ...Object.entries(questions).map(([id, question]) => ({ ...question, id })),
  ].map((command) => `${JSON.stringify(command)}\n`);
  const argv = ['-no-user-config', '-nodefaults', '-machine', 'none', '-display', 'none', '-S', '-qmp', 'stdio'];
  const answers: Record<string, unknown> = {};
  const last = Object.keys(questions).at(-1);
  const { stderr } = await run(path, argv, signal, (child) => {
    const splitter = new LineSplitter((line) => {
      const message = readMessage(line.toString('utf8'));
      if (message?.id && message.return !== undefined) answers[message.id] = message.return;
      // Not before: a QEMU that quits does not wait until all that it has said is read.
      if (message?.id !== undefined && message.id === last) child.stdin.end(`${JSON.stringify({ execute: 'quit' })}\n`);
    });
    child.stdout.on('data', (chunk: Buffer) => splitter.push(chunk));
    child.stdin.write(lines.join(''));
  });
  return { answers, missing: Object.keys(questions).filter((id) => !(id in answers)), stderr };
}

interface Message {
  readonly id?: string;
  readonly return?: unknown;
}

/** A program that is no QEMU may say anything. */
function readMessage(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

/**
 * The schema names every kind of netdev, compiled in or not; only the help tells them apart. Some emulators have no
 * default machine and answer nothing without one. Where the help fails, the list of the schema is taken.
 */
async function listNetdevs(path: string, signal: AbortSignal): Promise<string[]> {
  const said: Buffer[] = [];
  await run(path, ['-machine', 'none', '-netdev', 'help'], signal, (child) => {
    child.stdin.end();
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  });
  const lines = Buffer.concat(said).toString('utf8').split(/\r?\n/);
  return lines.filter((line) => /^[a-z0-9-]+$/.test(line));
}

function run(
  path: string,
  argv: string[],
  signal: AbortSignal,
  speak: (child: ChildProcessByStdio<Writable, Readable, Readable>) => void,
): Promise<{ readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, argv, { signal, killSignal: 'SIGKILL', stdio: ['pipe', 'pipe', 'pipe'] });
    const stderr: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => reject(signal.aborted ? signal.reason : unusable(path, error.message, error)));
    child.on('close', () => resolve({ stderr: Buffer.concat(stderr).toString('utf8') }));
    child.stdin.on('error', () => undefined); // it exited before it read: its answers, or their lack, tell
    speak(child);
  });
}

function versionOf(answers: Answers): QemuVersion {
  const { major, minor, micro } = answers.version.qemu;
  const distribution = answers.version.package ? ` (${answers.version.package})` : '';
  return { major, minor, micro, text: `${major}.${minor}.${micro}${distribution}` };
}

function featuresOf(answers: Answers, netdevs: string[]): QemuFeatures {
  const names = (list: { name: string }[]) => list.map((item) => item.name).sort();
  /** Enums are anonymous in the schema: each is recognised by a member that no other has. */
  const valuesWith = (member: string) => answers.schema.find((entry) => entry.values?.includes(member))?.values ?? [];
  const netdevKinds =
    netdevs.length > 0 ? netdevs : valuesWith('hubport').filter((kind) => kind !== 'none' && kind !== 'nic');
  const commands = answers.schema.filter((entry) => entry['meta-type'] === 'command');
  return {
    machines: answers.machines.map(machineFact),
    complete: answers.complete,
    devices: names(answers.devices),
    objects: names(answers.objects),
    accelerators: names(answers.accelerators)
      .filter((name) => name.endsWith('-accel'))
      .map((name) => name.slice(0, -'-accel'.length)),
    netdevs: netdevKinds,
    blockDrivers: valuesWith('qcow2'),
    displays: valuesWith('egl-headless'),
    options: answers.options.map((option) => option.option).filter(Boolean),
    migrationCapabilities: answers.capabilities.map((item) => item.capability),
    commands: names(commands),
    deviceJson: commands.some((entry) => entry.name === 'device_add' && entry.features?.includes('json-cli')),
    // `-netdev` learnt JSON in the version that brought `stream` and `dgram` (docs/about/, 7.2 change log).
    netdevJson: netdevKinds.includes('stream'),
  };
}

function machineFact(machine: Answers['machines'][number]): MachineTypeFact {
  return {
    name: machine.name,
    ...(machine.alias ? { alias: machine.alias } : {}),
    isDefault: machine['is-default'] ?? false,
    maximumCpus: machine['cpu-max'],
  };
}

function unusable(path: string, detail: string, cause?: unknown): GoqemuError {
  return new GoqemuError({
    code: 'qemu-unusable',
    source: 'environment',
    subject: path,
    message: `${path} does not answer as a QEMU of version 6.2 or newer does`,
    detail: detail.trim(),
    hint: 'run it with --version to see what it is, or name another one',
    ...(cause === undefined ? {} : { cause }),
  });
}
