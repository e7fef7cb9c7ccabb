import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GoqemuError, parseJson, readIfThere } from '@goqemu/core';
import { typedWord } from '../render/typed-word.ts';
import { labCompilerOptions } from './compiler-options.ts';
import { findLabFile, type LabPlace } from './lab-file.ts';
import { installedPackage, localInstall, ownCopy } from './sdk-location.ts';

/** A lab is small; the compiler reads the types of Node.js and goqemu besides. */
const timeoutMs = 120_000;

export interface CheckTypesOptions extends LabPlace {
  readonly lab?: string | undefined;
  readonly interrupt: AbortSignal;
}

/**
 * Runs the TypeScript compiler that is installed beside the lab, of whatever version; goqemu itself brings none.
 *
 * @throws GoqemuError `typescript-missing`, `lab-types` with the first place and all messages
 */
export async function checkTypes(options: CheckTypesOptions): Promise<void> {
  const file = findLabFile(options.lab, options);
  const compiler = compilerOf(file);
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-types-'));
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settingsFor(file)));
    const output = await compile(compiler, folder, dirname(file), options.interrupt);
    if (output !== undefined) throw typeError(output, dirname(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Compiler {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** Packages that bring the compiler, and the name of its command in each. */
const packages = [
  ['typescript', 'tsc'],
  ['@typescript/native-preview', 'tsgo'],
] as const;

/** The compiler's command, as its package names it: what else a package offers to programs differs between versions. */
function compilerOf(file: string): Compiler {
  const folder = dirname(file);
  const found: string[] = [];
  for (const [name, command] of packages) {
    const installed = installedPackage(folder, name);
    if (installed === undefined) continue;
    const { bin, version } = manifestOf(installed);
    const program = bin?.[command];
    if (program !== undefined && existsSync(join(installed, program))) return commandOf(join(installed, program));
    found.push(`${name} ${version ?? 'of an unknown version'}, which has no command ${command}`);
  }
  throw new GoqemuError({
    code: 'typescript-missing',
    source: 'environment',
    message: 'no TypeScript compiler is installed beside the lab',
    ...(found.length > 0 ? { detail: `there is ${found.join(' and ')}` } : {}),
    hint: `install it: npm install --save-dev --prefix ${typedWord(folder)} typescript; or leave --check-types out`,
  });
}

function manifestOf(folder: string): { readonly bin?: Record<string, string>; readonly version?: string } {
  const manifest = parseJson(readIfThere(join(folder, 'package.json')) ?? '');
  return typeof manifest === 'object' && manifest !== null ? manifest : {};
}

/** A script of Node.js runs in this Node.js, so that it needs no other in PATH; anything else is a program. */
function commandOf(path: string): Compiler {
  const script = /\.[cm]?js$/.test(path) || /^#!.*\bnode\b/.test(readFileSync(path, 'utf8').slice(0, 100));
  return script ? { program: process.execPath, arguments: [path] } : { program: path, arguments: [] };
}

function settingsFor(file: string): unknown {
  const folder = dirname(file);
  return {
    compilerOptions: {
      ...labCompilerOptions,
      ...nodeTypes(file),
      ...(localInstall(folder) ? {} : { paths: ownTypes() }),
    },
    files: [file],
  };
}

/**
 * The declarations that are published beside the running copy's code.
 *
 * @throws GoqemuError `types-not-built`, in a checkout
 */
function ownTypes(): Record<string, string[]> {
  const types = join(dirname(ownCopy('goqemu') ?? ''), 'types', 'goqemu');
  if (existsSync(types)) return { goqemu: [join(types, 'index.d.ts')], 'goqemu/*': [join(types, '*.d.ts')] };
  throw new GoqemuError({
    code: 'types-not-built',
    source: 'environment',
    message: `goqemu's declarations are not in ${types}`,
    hint: 'in a checkout, build them: npm run build -- --types',
  });
}

/** The types of Node.js, where they are installed beside the lab. */
function nodeTypes(file: string): { readonly types: string[]; readonly typeRoots?: string[] } {
  try {
    const manifest = createRequire(file).resolve('@types/node/package.json');
    return { types: ['node'], typeRoots: [dirname(dirname(manifest))] };
  } catch {
    return { types: [] };
  }
}

/** The compiler's messages, or undefined when it had none. */
function compile(
  compiler: Compiler,
  folder: string,
  workingFolder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((settle, reject) => {
    execFile(
      compiler.program,
      [...compiler.arguments, '-p', folder, '--pretty', 'false'],
      { cwd: workingFolder, signal, timeout: timeoutMs, maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (!error) settle(undefined);
        else if (typeof error.code === 'number') settle(stdout || stderr);
        else reject(error);
      },
    );
  });
}

function typeError(output: string, labFolder: string): GoqemuError {
  const match = /^(.+?)\((\d+),(\d+)\): error TS\d+: (.*)$/m.exec(output);
  const count = output.split('\n').filter((line) => /: error TS\d+:/.test(line)).length;
  return new GoqemuError({
    code: 'lab-types',
    source: 'user',
    message: match ? `${match[4]}${count > 1 ? ` (and ${count - 1} more)` : ''}` : 'the TypeScript compiler failed',
    ...(match?.[1]
      ? { location: { file: resolve(labFolder, match[1]), line: Number(match[2]), column: Number(match[3]) } }
      : {}),
    detail: output.trim().split('\n').slice(0, 20).join('\n'),
    hint: `correct the lab in ${labFolder}`,
  });
}
