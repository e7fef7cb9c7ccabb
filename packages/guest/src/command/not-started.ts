import { GoqemuError } from '@goqemu/core';
import { noSudo } from './remote-command.ts';

export interface NotStarted {
  /** The command, as errors name it. */
  readonly what: string;
  /** Who the session is logged in as. */
  readonly sessionUser: string;
  /** Whose rights it was to run with, where that is not the session's user. */
  readonly other: string | undefined;
  /** What came instead of the command's start: of sudo, or of the login shell. */
  readonly words: readonly string[];
  readonly ending: { readonly exitCode: number | null; readonly signal: string | null };
}

/** The wrapper never announced its start: the login shell refused, or the change to another user. */
export function notStarted(found: NotStarted): GoqemuError {
  const { what, sessionUser, other, words, ending } = found;
  if (other !== undefined && words.some((text) => text.includes(noSudo))) return sudoMissing(what, sessionUser, other);
  const detail = words.join('\n') || `exit code ${ending.exitCode ?? 'none'}, signal ${ending.signal ?? 'none'}`;
  if (other === undefined)
    return new GoqemuError({
      code: 'command-not-started',
      source: 'environment',
      subject: what,
      message: `${what} could not be started`,
      detail,
      hint: 'check that the user’s login shell works and that /bin/sh exists',
    });
  return new GoqemuError({
    code: 'privilege-denied',
    source: 'environment',
    subject: what,
    message: `user "${sessionUser}" may not run ${what} as user "${other}" in the guest`,
    detail,
    hint: `give "${sessionUser}" the right to use sudo without a password (sudoers: NOPASSWD), and check that user "${other}" exists`,
    data: { sessionUser, user: other },
  });
}

function sudoMissing(what: string, sessionUser: string, other: string): GoqemuError {
  const programs = sessionUser === 'root' ? 'neither runuser nor sudo' : 'no sudo';
  return new GoqemuError({
    code: 'sudo-missing',
    source: 'environment',
    subject: what,
    message: `the guest has ${programs}: user "${sessionUser}" cannot run ${what} as user "${other}"`,
    detail: `the session is logged in as "${sessionUser}", and becomes another user through sudo`,
    hint: `use an image that has sudo; or do without other users: steps with { user: '${sessionUser}' } run without it`,
    data: { sessionUser, user: other },
  });
}
