import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoqemuError, withDeadline } from '@goqemu/core';
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

/**
 * All that is asked, and `quit` behind it, is written before QEMU has read a word: it ends also when this process is killed
 * meanwhile. It says it into a file, since a QEMU that quits does not wait until a pipe is read.
 */
async function converse(path: string, questions: Record<string, object>, signal: AbortSignal) {
  const lines = [
    { execute: 'qmp_capabilities' },
    ...Object.entries(questions).map(([id, question]) => ({ ...question, id })),
    { execute: 'quit' },
  ].map((command) => `${JSON.stringify(command)}\n`);
  const argv = ['-no-user-config', '-nodefaults', '-machine', 'none', '-display', 'none', '-S', '-qmp', 'stdio'];
  const { stdout, stderr } = await run(path, argv, signal, lines.join(''));
  const answers: Record<string, unknown> = {};
  for (const line of stdout.split('\n')) {
    const message = readMessage(line);
    if (message?.id && message.return !== undefined) answers[message.id] = message.return;
  }
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
  const { stdout } = await run(path, ['-machine', 'none', '-netdev', 'help'], signal, '');
  return stdout.split(/\r?\n/).filter((line) => /^[a-z0-9-]+$/.test(line));
}

/** Runs a program to its end, with its standard output in a file of its own. */
async function run(
  path: string,
  argv: string[],
  signal: AbortSignal,
  input: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-probe-'));
  try {
    await using output = await open(join(folder, 'stdout'), 'w+', 0o600);
    if (process.platform !== 'win32') await rm(folder, { recursive: true }); // nothing is left when this process is killed
    const stderr = await ended(
      spawn(path, argv, { signal, killSignal: 'SIGKILL', stdio: ['pipe', output.fd, 'pipe'] }),
      {
        input,
        fail: (error) => (signal.aborted ? signal.reason : unusable(path, error.message, error)),
      },
    );
    const { size } = await output.stat();
    const { buffer } = await output.read(Buffer.alloc(size), 0, size, 0);
    return { stdout: buffer.toString('utf8'), stderr };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns what it said on standard error */
function ended(
  child: ChildProcess,
  { input, fail }: { readonly input: string; fail(error: Error): unknown },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const stderr: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => reject(fail(error)));
    child.on('close', () => resolve(Buffer.concat(stderr).toString('utf8')));
    child.stdin?.on('error', () => undefined); // it exited before it read: its answers, or their lack, tell
    child.stdin?.end(input);
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
