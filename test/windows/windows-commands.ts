import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTinyGuest } from '@goqemu/testing';
import { laneFolder, places } from '../../scripts/windows/lane-folder.ts';
import { wine } from '../../scripts/windows/wine.ts';

/** Where the lab of the lane lies, and goqemu's home: `C:\lab` and `C:\goqemu-home`. */
export const labFolder = join(places.driveC, 'lab');
export const home = join(places.driveC, 'goqemu-home');
export const images = join(places.driveC, 'images');

export interface Result {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

const command = 'C:\\app\\node_modules\\goqemu\\bin\\goqemu.js';
const output = join(laneFolder, 'log');
let runs = 0;

/** Runs a program of the lane's Windows in the folder of the lab; what it prints is in files of the lane's log. */
async function program(words: readonly string[], title: string): Promise<Result> {
  const name = `${String(++runs).padStart(2, '0')}-${title.slice(0, 20)}`;
  const environment = { GOQEMU_HOME: 'C:\\goqemu-home', GOQEMU_TIMEOUT_SCALE: '6', NO_COLOR: '1' };
  const code = await wine(words, { environment, output, name, cwd: labFolder });
  const read = (stream: string) => readFile(join(output, `${name}.${stream}`), 'utf8');
  return { code, stdout: await read('stdout'), stderr: await read('stderr') };
}

/** What `wine --version` says. */
export async function wineVersion(): Promise<string> {
  return (await program(['--version'], 'wine')).stdout.trim();
}

export function node(...args: string[]): Promise<Result> {
  return program(['C:\\node\\node.exe', ...args], 'node');
}

/** The installed command, which may fail. */
export function tryGoqemu(...args: string[]): Promise<Result> {
  const title = args.filter((word) => /^[a-z]+$/.test(word)).slice(0, 2);
  return program(['C:\\node\\node.exe', command, ...args], title.join('-') || 'goqemu');
}

export async function goqemu(...args: string[]): Promise<Result> {
  const result = await tryGoqemu(...args);
  assert.equal(result.code, 0, `goqemu ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

/** What a command prints to the machine's shell. */
export async function exec(machine: string, script: string, ...options: string[]): Promise<string> {
  return (await goqemu('exec', ...options, machine, '--', 'sudo', 'sh', '-c', script)).stdout;
}

/** Empty folders for goqemu's home and a lab of this text, and the tiny guest at `C:\\images\\tiny.qcow2`. */
export async function prepareLab(text: string): Promise<void> {
  await removeFolders();
  for (const folder of [labFolder, home, images]) await mkdir(folder, { recursive: true });
  const cacheFolder = fileURLToPath(new URL('../../.cache/tiny-guest', import.meta.url));
  await mkdir(cacheFolder, { recursive: true });
  await copyFile((await ensureTinyGuest({ cacheFolder })).path, join(images, 'tiny.qcow2'));
  await writeFile(join(labFolder, 'lab.ts'), text);
}

export async function removeFolders(): Promise<void> {
  for (const folder of [labFolder, home]) await rm(folder, { recursive: true, force: true });
}

/** What `destroy` and `prune` leave of machines and layers: names of files and folders. */
export async function leftOvers(): Promise<string[]> {
  const names = (folder: string) => readdir(join(home, folder)).catch(() => []);
  const layers = (await names('snapshots')).filter((name) => /^[0-9a-f]{12}$/.test(name));
  return [...(await names('labs')), ...layers];
}

/** The record of a machine of the only lab. */
export async function machineFile(machine: string): Promise<string> {
  const [id = ''] = await readdir(join(home, 'labs'));
  return join(home, 'labs', id, machine, 'vm.json');
}
