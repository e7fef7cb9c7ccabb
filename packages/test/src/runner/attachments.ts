import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GoqemuError, makeFolders, shownValue } from '@goqemu/core';

/** The folder of a test's attachments: a name that is readable, and is one folder on every system. */
export function attachmentFolder(results: string, file: string, test: string): string {
  return join(results, fileWord(basename(file)), fileWord(test));
}

/** Writes an attachment in the folder, and returns its path. */
export async function writeAttachment(folder: string, name: string, content: string | Uint8Array): Promise<string> {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N} ._-]*$/u.test(name) || name.length > 100)
    throw new GoqemuError({
      code: 'name-invalid',
      source: 'user',
      subject: 'attach',
      message: `an attachment is named as a file, got ${shownValue(name)}`,
      hint: 'use letters, digits, spaces, ".", "-" and "_", as in "nginx.log"',
    });
  makeFolders(folder);
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** A text as a part of a file's name on every system. */
export function fileWord(text: string): string {
  const words = text
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}._]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return words.slice(0, 80) || 'test';
}
