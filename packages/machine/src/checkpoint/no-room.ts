import { GoqemuError, systemErrorCode } from '@goqemu/core';

/** What writing to a file comes to. @throws GoqemuError `no-room` where the file system is full */
export async function withRoom<T>(file: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    throw systemErrorCode(error) === 'ENOSPC' ? noRoom(file, error) : error;
  }
}

/** The state of a machine does not fit where it should be written. */
export function noRoom(file: string, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'no-room',
    source: 'environment',
    subject: file,
    message: `there is no room for the machine's state at ${file}`,
    hint: 'free some room, or delete checkpoints: goqemu checkpoint list',
    cause,
  });
}
