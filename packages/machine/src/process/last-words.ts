import { open } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';

/** The end of a log, at most 4 KiB, from a whole line on; empty when there is none. */
export async function lastWords(logPath: string, from = 0): Promise<string> {
  const most = 4096;
  try {
    const file = await open(logPath, 'r');
    try {
      const { size } = await file.stat();
      const start = Math.max(from, size - most);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, start);
      const text = buffer.subarray(0, bytesRead).toString('utf8');
      return (start > from ? text.slice(text.indexOf('\n') + 1) : text).trim();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
