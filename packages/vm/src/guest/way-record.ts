import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson, readOwnText, removeFile } from '@goqemu/core';
import { identityOf, type MachineRecord } from '@goqemu/machine';

/** The way that commands take into a running guest, as far as is known. */
export interface CommandWay {
  readonly way: 'channel' | 'ssh';
  /** Why it is SSH. */
  readonly reason?: string;
}

const pathOf = (record: MachineRecord) => join(record.runtimeFolder, 'way');

/** What was found out about the guest of this very QEMU; undefined before the first command. */
export function readWay(record: MachineRecord): CommandWay | undefined {
  const found = parseJson(readOwnText(pathOf(record)) ?? '') as Partial<CommandWay & { of: string }> | null | undefined;
  if (found?.of !== nameOf(record) || (found.way !== 'channel' && found.way !== 'ssh')) return undefined;
  return { way: found.way, ...(typeof found.reason === 'string' ? { reason: found.reason } : {}) };
}

/** A note for later commands and for status, in the folder that ends with the QEMU; it may be lost. */
export async function writeWay(record: MachineRecord, way: CommandWay): Promise<void> {
  const path = pathOf(record);
  await writeFile(path, JSON.stringify({ ...way, of: nameOf(record) }), { mode: 0o600 }).catch(() =>
    removeFile(path).catch(() => undefined),
  );
}

function nameOf(record: MachineRecord): string {
  const { pid, startTime, bootId } = identityOf(record);
  return `${pid} ${startTime} ${bootId}`;
}
