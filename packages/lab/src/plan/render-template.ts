import { readFile } from 'node:fs/promises';
import { GoqemuError, isGoqemuError, type SourceLocation, systemErrorCode } from '@goqemu/core';
import { labError } from '../evaluate/lab-error.ts';
import type { Text } from '../value/text.ts';

/** `{{name}}` stands for a value; anything else is copied. */
export async function renderTemplate(
  path: string,
  values: Readonly<Record<string, Text>>,
  step: string,
  location: SourceLocation | undefined,
): Promise<Text> {
  let template: string;
  try {
    template = await readFile(path, 'utf8');
  } catch (error) {
    throw sourceUnreadable(path, step, error, location);
  }
  return template.split(/(\{\{\s*[A-Za-z_][\w-]*\s*\}\})/).flatMap((piece): Text => {
    const name = /^\{\{\s*([\w-]+)\s*\}\}$/.exec(piece)?.[1];
    if (name === undefined) return piece === '' ? [] : [piece];
    if (Object.hasOwn(values, name)) return values[name] ?? [];
    throw labError('template-value-missing', {
      message: `${step}: the template ${path} wants {{${name}}}, which is not among the values`,
      location,
      hint: `there are: ${Object.keys(values).join(', ') || 'none'}`,
      subject: step,
    });
  });
}

/** What a step names and this host does not give. */
export function sourceUnreadable(
  path: string,
  step: string,
  error: unknown,
  location: SourceLocation | undefined,
): GoqemuError {
  const code = systemErrorCode(error);
  const { path: place = path } = error as { path?: string };
  const what = `${place} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown error'})`}`;
  return new GoqemuError({
    code: 'source-unreadable',
    source: 'user',
    subject: step,
    message: `${step}: ${isGoqemuError(error) ? error.message : what}`,
    hint: `${isGoqemuError(error) && error.hint ? `${error.hint}; ` : ''}paths are relative to the folder of the lab`,
    cause: error,
    ...(location ? { location } : {}),
  });
}
