import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GoqemuError } from '@goqemu/core';
import { findLabFile } from './lab-file.ts';
import { localInstall, ownCopy } from './sdk-location.ts';

/** A lab is small; the compiler reads the types of Node.js and goqemu besides. */
const timeoutMs = 120_000;

export interface CheckTypesOptions {
  readonly lab?: string | undefined;
  readonly workingFolder: string;
  readonly interrupt: AbortSignal;
}

/**
 * Runs the TypeScript compiler that is installed beside the lab; goqemu itself brings none.
 *
 * @throws GoqemuError `typescript-missing`, `lab-types` with the first place and all messages
 */
export async function checkTypes(options: CheckTypesOptions): Promise<void> {
  const file = findLabFile(options.lab, options.workingFolder);
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

function compilerOf(file: string): string {
  try {
    return createRequire(file).resolve('typescript/bin/tsc');
  } catch {
    throw new GoqemuError({
      code: 'typescript-missing',
      source: 'environment',
      message: 'no TypeScript compiler is installed beside the lab',
      hint: `install it: npm install --save-dev typescript --prefix ${dirname(file)}; or leave --check-types out`,
    });
  }
}

function settingsFor(file: string): unknown {
  const folder = dirname(file);
  return {
    compilerOptions: {
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
      module: 'preserve',
      moduleResolution: 'bundler',
      strict: true,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
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
  compiler: string,
  folder: string,
  workingFolder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((settle, reject) => {
    execFile(
      process.execPath,
      [compiler, '-p', folder, '--pretty', 'false'],
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
