import { type ErrorCode, GoqemuError } from '@goqemu/core';

/** The file that is inspected, and what it is called in messages. */
export interface InspectedFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
}

/** @param missing what lies behind the file's end */
export function incomplete({ path, name }: InspectedFile, missing: string): GoqemuError {
  return new GoqemuError({
    code: 'image-incomplete',
    source: 'user',
    subject: path,
    message: `the image ${name} is cut short: ${missing} would be behind its end`,
    hint: 'copy or download it again, and compare its size and checksum with the original',
  });
}

export function notSelfContained({ path, name }: InspectedFile, hasExternalData: boolean): GoqemuError {
  return new GoqemuError({
    code: 'image-not-self-contained',
    source: 'user',
    subject: path,
    message: `the image ${name} refers to another file, ${hasExternalData ? 'for its data' : 'its backing file'}`,
    hint: `make it whole first: qemu-img convert -O qcow2 ${JSON.stringify(path)} whole.qcow2`,
  });
}

/** @param why what it is or has, behind its name */
export function refused({ path, name }: InspectedFile, code: ErrorCode, why: string, hint?: string): GoqemuError {
  const check = `end what writes to it, then check it: qemu-img check -r all ${JSON.stringify(path)}`;
  const convert = `convert it with the QEMU that wrote it: qemu-img convert -O qcow2 ${JSON.stringify(path)} other.qcow2`;
  return new GoqemuError({
    code,
    source: 'user',
    subject: path,
    message: `the image ${name} ${why}`,
    hint: hint ?? (code === 'image-corrupt' ? check : convert),
  });
}
