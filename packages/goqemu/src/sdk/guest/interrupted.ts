import { GoqemuError } from '@goqemu/core';

/**
 * What was under way in a guest has ended, because its machine has.
 *
 * @param machine as a message names it: `VM "web"`, `machine "web"`
 * @param why what happened to the machine: `was stopped`
 */
export function interrupted(machine: string, what: string, why: string, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'command-interrupted',
    source: 'user',
    subject: what,
    message: `${what} was interrupted: ${machine} ${why}`,
    hint: 'await the commands that matter before; look at what this one has done before running it again',
    cause,
  });
}
