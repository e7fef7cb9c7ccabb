import { readFile } from 'node:fs/promises';

/** What the unfinished file is a part of, kept beside it. */
export interface PartRecord {
  readonly url: string;
  /** A strong ETag or a date, for If-Range (RFC 9110 §13.1.5). */
  readonly validator: string;
}

export const recordPath = (part: string) => `${part}.json`;

export async function readPartRecord(part: string): Promise<PartRecord | undefined> {
  const text = await readFile(recordPath(part), 'utf8').catch(() => undefined);
  try {
    const record = JSON.parse(text ?? '') as Partial<PartRecord> | null;
    return typeof record?.url === 'string' && typeof record.validator === 'string' ? (record as PartRecord) : undefined;
  } catch {
    return undefined; // no record, no resuming: the download starts over
  }
}
