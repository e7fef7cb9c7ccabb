import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  changedError,
  deferred,
  errorMessage,
  GoqemuError,
  isGoqemuError,
  type SourceLocation,
  systemErrorCode,
} from '@goqemu/core';
import { isLabDefinition, type LabDefinition } from '@goqemu/lab';
import { leaveSignals } from '../shell/interrupts.ts';
import { codeFrame } from './code-frame.ts';
import { importModule } from './import-module.ts';

/** A module that has been imported once stays; another query makes Node.js evaluate it again. */
let evaluations = 0;

/**
 * Imports a bundled lab and checks that it is one.
 *
 * @throws GoqemuError `lab-threw`, `lab-unfinished`, `lab-export`, with the place in the lab's own files
 */
export async function importLab(bundle: string, file: string, inputs: readonly string[]): Promise<LabDefinition> {
  process.setSourceMapsEnabled(true); // stack traces name the lab, not its bundle
  const url = pathToFileURL(bundle);
  if (evaluations++ > 0) url.search = `evaluation=${evaluations}`;
  let exported: Module;
  const listenAgain = leaveSignals();
  using unfinished = whenNothingRuns(file);
  try {
    exported = await Promise.race([evaluated(url.href), unfinished.error]);
  } catch (error) {
    throw threw(error, inputs);
  } finally {
    listenAgain();
  }
  const value = exported.default;
  if (isLabDefinition(value)) return leavingSignals(value);
  throw wrongExport(file, value, Object.keys(exported));
}

/** The same lab, whose program can be ended as its module can. */
function leavingSignals(definition: LabDefinition): LabDefinition {
  return Object.create(definition, {
    program: {
      value: (...given: Parameters<LabDefinition['program']>) => {
        const listenAgain = leaveSignals();
        try {
          return definition.program(...given);
        } finally {
          listenAgain();
        }
      },
    },
  });
}

/** Rejects when this process has nothing left to do: what is awaited then never comes, and Node.js would end without a word. */
function whenNothingRuns(file: string): Disposable & { readonly error: Promise<never> } {
  const { promise, reject } = deferred<never>();
  const atEnd = () =>
    reject(
      new GoqemuError({
        code: 'lab-unfinished',
        source: 'user',
        message: 'the lab awaits something that never comes, at its top level or in a file that it imports',
        location: { file },
        hint: 'await only what ends; give what may not end a time limit',
      }),
    );
  process.once('beforeExit', atEnd);
  return { error: promise, [Symbol.dispose]: () => process.off('beforeExit', atEnd) };
}

interface Module {
  readonly default?: unknown;
}

/**
 * The bundle holds what the lab imports by name. TypeScript that it imports by a name made up while it runs is
 * beyond the bundler and, before 22.18, beyond Node.js: then tsx loads the lab.
 */
async function evaluated(url: string): Promise<Module> {
  try {
    return (await importModule(url)) as Module;
  } catch (error) {
    if (systemErrorCode(error) !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    const { tsImport } = await import('tsx/esm/api');
    return (await tsImport(url, import.meta.url)) as Module;
  }
}

function threw(error: unknown, inputs: readonly string[]): GoqemuError {
  if (isGoqemuError(error)) {
    const location = error.location ?? firstFrame(error, inputs);
    if (location?.line === undefined || error.detail?.includes('| ')) return error;
    const detail = [error.detail, frameOf(location)].filter(Boolean).join('\n');
    return changedError(error, { location, detail, cause: error });
  }
  const location = firstFrame(error, inputs);
  const kind = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  return new GoqemuError({
    code: 'lab-threw',
    source: 'user',
    message: `the lab threw an error: ${kind}${errorMessage(error)}`,
    ...(location ? { location, detail: frameOf(location) } : {}),
    hint: 'a lab only describes machines; correct what it does at this place',
    cause: error,
  });
}

/** The innermost frame that lies in one of the lab's own files. */
function firstFrame(error: unknown, inputs: readonly string[]): SourceLocation | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?)(?:\?[^:()]*)?:(\d+):(\d+)\)?$/.exec(line);
    if (!match?.[1]) continue;
    const file = match[1].startsWith('file:') ? fileURLToPath(match[1]) : match[1];
    if (inputs.includes(file)) return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return undefined;
}

function frameOf(location: SourceLocation): string {
  try {
    return codeFrame(readFileSync(location.file, 'utf8'), location);
  } catch {
    return ''; // changed or removed since it was read: the location alone must do
  }
}

function wrongExport(file: string, value: unknown, names: readonly string[]): GoqemuError {
  const source = readFileSync(file, 'utf8');
  const line =
    source.split(/\r?\n/).findIndex((text) => /\bexport\s+default\b|\bmodule\.exports\b|\bexport\s*\{/.test(text)) + 1;
  const location: SourceLocation = line > 0 ? { file, line, column: 1 } : { file };
  const found = names.includes('default')
    ? `its default export is ${describe(value)}`
    : names.length > 0
      ? `it exports ${names.join(', ')}, but nothing by default`
      : 'it exports nothing';
  return new GoqemuError({
    code: 'lab-export',
    source: 'user',
    message: `this file is not a lab: ${found}`,
    location,
    ...(line > 0 ? { detail: codeFrame(source, location) } : {}),
    hint: "end it with: export default defineLab({ name: 'my-lab' }, (lab) => { lab.vm('web'); })",
  });
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object'
    ? 'an object that defineLab did not make'
    : `the ${typeof value} ${JSON.stringify(value)}`;
}
