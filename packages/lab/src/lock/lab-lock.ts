import { GoqemuError, parseJson, schemaMismatch } from '@goqemu/core';
import { type Architecture, architectures } from '@goqemu/spec';
import * as z from 'zod/mini';
import type { ResolvedImage } from '../backend/backend.ts';
import type { StateStorage } from '../state/state-storage.ts';

/** What an image's name stood for when the lab was first applied. */
export interface ImagePin {
  readonly key: string;
  readonly description: string;
}

/** lab.lock.json: by `reference (architecture)`. */
export interface LabLock {
  readonly version: 1;
  /** That of machines which name none. A file of before it was kept has none: those machines are amd64. */
  readonly architecture?: Architecture | undefined;
  readonly images: Readonly<Record<string, ImagePin>>;
}

const labLockSchema = z.looseObject({
  version: z.literal(1),
  architecture: z.optional(z.enum(architectures)),
  images: z.record(z.string(), z.looseObject({ key: z.string(), description: z.string() })),
});

export function pinName(reference: string, arch: string): string {
  return `${reference} (${arch})`;
}

/** What a lock file keeps of an image. */
export function pinOf(image: Pick<ResolvedImage, 'key' | 'pin'>): string {
  return image.pin ?? image.key;
}

export const emptyLock: LabLock = { version: 1, images: {} };

/** @throws GoqemuError `lab-lock-invalid` */
export async function readLabLock(storage: StateStorage): Promise<LabLock> {
  const content = await storage.read('lab-lock');
  if (content === undefined) return emptyLock;
  const checked = labLockSchema.safeParse(parseJson(content));
  if (checked.success) return checked.data;
  const path = storage.path('lab-lock');
  throw new GoqemuError({
    code: 'lab-lock-invalid',
    source: 'user',
    subject: path,
    message: `${path} is not a lock file of this version`,
    detail: schemaMismatch(checked.error),
    location: { file: path },
    hint: 'restore the file from version control, or delete it and apply again to pin the current images',
  });
}

/** Sorted, so that two people who pin the same write the same file. */
export async function writeLabLock(storage: StateStorage, lock: LabLock): Promise<void> {
  const images = Object.fromEntries(Object.entries(lock.images).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { architecture } = lock;
  await storage.write('lab-lock', `${JSON.stringify({ version: 1, architecture, images }, null, 2)}\n`);
}
