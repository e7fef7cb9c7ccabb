import { dirname, join } from 'node:path';
import { acquireFileLock, GoqemuError, isResourceName, makeFolders, shownValue } from '@goqemu/core';
import { isLabDefinition, type LabDefinition, stateFolderOf } from '@goqemu/lab';
import { labKey, type TestedLabSource } from '@goqemu/test';
import { z } from 'zod';
import { readOptions } from '../guest/invalid-option.ts';
import { checkpointText } from '../lab/lab-types.ts';
import { openLab } from '../lab/open-lab.ts';
import type { LabTestOptions } from './lab-fixtures.ts';
import { labTracing } from './lab-tracing.ts';

/** Milliseconds that a test waits for those of other processes on the one lab: longer than any of them takes. */
const turnMs = 24 * 3_600_000;

const names = z.array(z.string().min(1)).readonly().optional();
const schema = z.strictObject({
  at: z.union([z.string().min(1), z.object({ id: z.string().min(1) })]).optional(),
  isolation: z.enum(['fork', 'restore', 'none']).optional(),
  stack: z.string().min(1).optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  machines: names,
  networks: names,
  matrix: z
    .record(z.string().min(1), z.array(z.unknown()).min(1).readonly())
    .refine((axes) => Object.keys(axes).length > 0, 'must name a parameter')
    .optional(),
});

/** @param call what messages name. @throws GoqemuError `option-invalid` */
export function readLabTestOptions(given: LabTestOptions, call = 'test.extend'): LabTestOptions {
  const { at, ...others } = readOptions(schema, given, call) as LabTestOptions;
  return { ...others, ...(at === undefined ? {} : { at: checkpointText(at) }) };
}

/**
 * A lab that tests run on, on this host's backend.
 *
 * @param call what messages name
 * @throws GoqemuError `option-invalid`
 */
export function labSource(
  fixture: string,
  lab: LabDefinition,
  options: LabTestOptions,
  call = 'test.extend',
): TestedLabSource {
  const invalid = (message: string, example: string) => invalidCall(call, message, example);
  if (!isLabDefinition(lab)) throw invalid('the second argument must be a lab', "import lab from './lab.ts'");
  const { isolation = 'fork', stack = 'default', parameters, machines = [] } = options;
  const at = options.at === undefined ? undefined : checkpointText(options.at);
  if (!/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(fixture) || taken.has(fixture))
    throw invalid(`the name of the lab's fixture must be one of a variable, got ${shownValue(fixture)}`, "'lab'");
  if (at === undefined && isolation !== 'none')
    throw invalid(`isolation "${isolation}" needs a checkpoint to begin at`, "{ at: 'ready' }");
  const unnamed = machines.find((name) => !isResourceName(name));
  if (unnamed !== undefined) throw invalid(`machines: ${JSON.stringify(unnamed)} is no machine's name`, "['web']");
  const file = lab.location?.file ?? join(process.cwd(), 'lab.ts');
  const folder = stateFolderOf(dirname(file), lab.name, stack);
  return {
    fixture,
    key: labKey(file, stack, parameters),
    at,
    isolation,
    machines,
    open: (onEvent) => openLab(lab, { stack, ...(parameters ? { parameters } : {}), ...(onEvent ? { onEvent } : {}) }),
    tracing: labTracing({ file, stack, parameters: parameters ?? {}, isFork: isolation === 'fork' }),
    takeTurn: async (signal) => {
      makeFolders(folder);
      return acquireFileLock(join(folder, 'test.lock'), { command: 'a test on the lab', waitMs: turnMs, signal });
    },
  };
}

/** Names of fixtures that every test has, of one runner or another. */
const taken = new Set(['t', 'signal', 'mark', 'attach', 'net', 'goqemu', 'task', 'expect']);

function invalidCall(call: string, message: string, example: string): GoqemuError {
  return new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject: call,
    message: `${call}: ${message}`,
    hint: `write, for example: ${example}`,
  });
}

/** The lab; of a `lab.ts` that was loaded as CommonJS, and imported by a module, it is the default export within. */
export function importedLab(lab: LabDefinition | { readonly default: LabDefinition }): LabDefinition {
  return !isLabDefinition(lab) && isLabDefinition((lab as { readonly default?: unknown } | undefined)?.default)
    ? (lab as { readonly default: LabDefinition }).default
    : (lab as LabDefinition);
}
