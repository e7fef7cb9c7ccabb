import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage, GoqemuError, hostError, withPath } from '@goqemu/core';
import type { LabDefinition } from '@goqemu/lab';
import { usageError } from '../arguments/usage-error.ts';

export interface ParameterSources {
  /** `NAME=VALUE`, from `--param`. */
  readonly assignments: readonly string[];
  /** A JSON file, from `--params`. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
}

/** Environment variables that set a parameter: `GOQEMU_PARAM_workers=3`. */
const prefix = 'GOQEMU_PARAM_';

/**
 * The values for a lab's parameters: the file first, then the environment, then the command line. Text from the
 * last two is read as JSON (`3`, `true`, `["a"]`) only where the lab's schema does not take it as text.
 *
 * @throws GoqemuError `usage`, `parameters-invalid`
 */
export async function readParameters(
  definition: LabDefinition,
  sources: ParameterSources,
): Promise<Record<string, unknown>> {
  const typed: Record<string, string> = {};
  for (const [name, value] of Object.entries(sources.env))
    if (name.startsWith(prefix) && value !== undefined) typed[name.slice(prefix.length)] = value;
  for (const assignment of sources.assignments) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (name === undefined || value === undefined)
      throw usageError(`--param: "${assignment}" is not NAME=VALUE`, 'write, for example, --param workers=3');
    typed[name] = value;
  }
  const values: Record<string, unknown> = { ...(await fromFile(sources)), ...typed };
  const result = definition.params?.safeParse(values);
  if (!result || result.success) return values;
  for (const issue of result.error.issues) {
    const name = String(issue.path[0]);
    const text = typed[name];
    if (text !== undefined) values[name] = fromJson(text);
  }
  return values;
}

async function fromFile({ file, workingFolder }: ParameterSources): Promise<Record<string, unknown>> {
  if (file === undefined) return {};
  const path = resolve(workingFolder, file);
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
    throw new Error('it holds no JSON object');
  } catch (error) {
    throw new GoqemuError({
      code: 'parameters-invalid',
      source: 'user',
      message: `the parameters file cannot be read: ${hostError(withPath(error, path))?.message ?? errorMessage(error)}`,
      location: { file: path },
      hint: 'write a JSON object such as {"workers": 3}',
      cause: error,
    });
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // it is text after all, and the schema will say what it wanted
  }
}
