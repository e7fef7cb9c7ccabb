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
    const output = await compile(compiler, folder, options.interrupt);
    if (output !== undefined) throw typeError(output, dirname(file), folder);
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
      types: [],
      ...(localInstall(folder) ? {} : { paths: ownTypes() }),
    },
    files: [file],
  };
}

/** The declarations of the running copy: published beside its code, or its sources in a checkout. */
function ownTypes(): Record<string, string[]> {
  const code = ownCopy('goqemu') ?? '';
  const published = join(dirname(code), 'types', 'goqemu');
  if (existsSync(published))
    return { goqemu: [join(published, 'index.d.ts')], 'goqemu/*': [join(published, '*.d.ts')] };
  const sources = code.endsWith('.ts') ? dirname(code) : join(dirname(code), '..', 'src');
  return { goqemu: [join(sources, 'index.ts')], 'goqemu/*': [join(sources, '*.ts')] };
}

/** The compiler's messages, or undefined when it had none. */
function compile(compiler: string, folder: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((settle, reject) => {
    execFile(
      process.execPath,
      [compiler, '-p', folder, '--pretty', 'false'],
      { cwd: folder, signal, timeout: timeoutMs, maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (!error) settle(undefined);
        else if (typeof error.code === 'number') settle(stdout || stderr);
        else reject(error);
      },
    );
  });
}

function typeError(output: string, labFolder: string, workFolder: string): GoqemuError {
  const match = /^(.+?)\((\d+),(\d+)\): error TS\d+: (.*)$/m.exec(output);
  const count = output.split('\n').filter((line) => /: error TS\d+:/.test(line)).length;
  return new GoqemuError({
    code: 'lab-types',
    source: 'user',
    message: match ? `${match[4]}${count > 1 ? ` (and ${count - 1} more)` : ''}` : 'the TypeScript compiler failed',
    ...(match?.[1]
      ? { location: { file: resolve(workFolder, match[1]), line: Number(match[2]), column: Number(match[3]) } }
      : {}),
    detail: output.trim().split('\n').slice(0, 20).join('\n'),
    hint: `correct the lab in ${labFolder}`,
  });
}
