import { GoqemuError } from '@goqemu/core';

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
