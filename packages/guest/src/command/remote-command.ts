import { randomBytes } from 'node:crypto';
import { GoqemuError, refuseNul, shellQuote, shellQuoteAll } from '@goqemu/core';
import { shellRequest } from '../quoting/login-shell.ts';
import type { Command, CommandOptions } from './command-options.ts';

/** What goes over the wire for one run of a command. */
export interface RemoteCommand {
  /** The `exec` request (RFC 4254 §6.5), read by the user's login shell whatever that is. */
  readonly request: string;
  /** Sent ahead of the input. The command starts only when all of it has arrived. */
  readonly preamble: string;
  /** The token that ends the preamble and marks the start. */
  readonly nonce: string;
  /** Whose rights it runs with, where that is not the session's user. */
  readonly elevated: string | undefined;
  /** As whom the connection is to start it, where it becomes other users itself. */
  readonly startAs?: string;
}

/** Longest script that goes byte by byte through the shell's `read`; longer ones are read in one piece by dd. */
const longestByRead = 4096;
/** Linux allows 128 KiB per argument (MAX_ARG_STRLEN); quoting and the wrapper need some of it. */
const longestArgument = 96 * 1024;

/** Longest request that fits in one message to the program in the guest. */
const longestPlain = 16 * 1024;

/** First thing that the wrapper writes, to each output: the token and the ids of the process group and the process, for ending it. */
const announce = `printf %s.%s.%s. "$1" "\${3:-$$}" "$$"`;
const announceBoth = `${announce}; ${announce} >&2`;
/** The same for a program, which it then is: what start files print, which the login shell reads before, is not its output. */
const announceProgram = `set -- "$1" "" "" "$@"; ${announceBoth}; shift 4; exec "$@"`;

/**
 * The script comes over standard input, because an argv is limited and open to every user of the guest, and leaves
 * the rest of the input to the command: `read` of a POSIX shell takes no byte beyond its line, dd none beyond its
 * count. Cut short, it never runs.
 */
const receiveLines = `${announceBoth}
goqemu_line=
goqemu_script=
while IFS= read -r goqemu_line; do
if [ "$goqemu_line" = "$1" ]; then break; fi
goqemu_script="$goqemu_script$goqemu_line
"
done
[ "$goqemu_line" = "$1" ] || exit 255
eval "unset goqemu_script goqemu_line; set --
$goqemu_script"`;

const receiveBlock = `${announceBoth}
goqemu_script=$(dd bs="$2" count=1 iflag=fullblock 2>/dev/null)
case "$goqemu_script" in *"$1") ;; *) exit 255 ;; esac
goqemu_script=\${goqemu_script%"$1"}
eval "unset goqemu_script; set --
$goqemu_script"`;

/** With a terminal the input is the user's keyboard, so the script is an argument. */
const receiveArgument = `${announce}
goqemu_script=$4
eval "unset goqemu_script; set --
$goqemu_script"`;

/** What a guest says that has no program for becoming another user. */
export const noSudo = 'goqemu-found-no-sudo';

/** $1 token, $2 length, $3 user, $4 receiver, $5 script of a terminal; keeps the process id, which is the group's. */
const asOtherUser = `if [ "$(id -u)" = 0 ] && command -v runuser >/dev/null; then exec runuser -u "$3" -- env HOME="$(eval echo "~$3")" /bin/sh -c "$4" goqemu "$1" "$2" "$$" "$5"; fi
command -v sudo >/dev/null || { echo ${noSudo} >&2; exit 127; }
exec sudo -n -H -u "$3" -- /bin/sh -c "$4" goqemu "$1" "$2" "$$" "$5"`;

/**
 * @param sessionUser the user that the session is logged in as
 * @throws GoqemuError `text-has-nul`, `environment-name-invalid`, `user-name-invalid`, `command-empty`, `command-too-long`
 */
export function remoteCommand(command: Command, options: CommandOptions, sessionUser: string): RemoteCommand {
  return remote(command, options, { sessionUser, becomesUsers: false });
}

/**
 * The same over a connection that becomes other users itself: nothing in the request has to.
 *
 * @throws GoqemuError as `remoteCommand`
 */
export function commandByItsUser(command: Command, options: CommandOptions, sessionUser: string): RemoteCommand {
  return remote(command, options, { sessionUser, becomesUsers: true });
}

function remote(
  command: Command,
  options: CommandOptions,
  { sessionUser, becomesUsers }: { readonly sessionUser: string; readonly becomesUsers: boolean },
): RemoteCommand {
  const nonce = randomBytes(16).toString('hex');
  const other = options.user !== undefined && options.user !== sessionUser ? checkUser(options.user) : undefined;
  const script = scriptOf(command, options, nonce, other !== undefined);
  let receiver = receiveArgument;
  let preamble = '';
  let length = 0;
  if (options.pty) {
    if (Buffer.byteLength(shellQuote(script)) > longestArgument) throw tooLong(script);
  } else if (Buffer.byteLength(script) <= longestByRead) {
    receiver = receiveLines;
    preamble = `${script}\n${nonce}\n`;
  } else {
    receiver = receiveBlock;
    preamble = `${script}\n${nonce}`;
    length = Buffer.byteLength(preamble);
  }
  const through = becomesUsers ? undefined : other;
  const words = [nonce, String(length), through ?? ''];
  const request =
    through === undefined
      ? shellRequest(`set -- "$@" ${shellQuote(options.pty ? script : '')}\n${receiver}`, words)
      : shellRequest(`set -- "$@" ${shellQuoteAll([receiver, options.pty ? script : ''])}\n${asOtherUser}`, words);
  const startAs = becomesUsers && other !== undefined ? { startAs: other } : {};
  return { request, preamble, nonce, elevated: other, ...startAs };
}

/**
 * A program whose words travel as they are: nothing has to be read from its standard input first. Undefined where there is
 * more to be done than to start it: another user, a folder, an environment.
 *
 * @throws GoqemuError `text-has-nul`
 */
export function plainCommand(
  command: Command,
  { user, environment, workingDirectory, pty }: CommandOptions,
  sessionUser: string,
): RemoteCommand | undefined {
  if (typeof command === 'string' || !/^[^-]/.test(command[0] ?? '')) return undefined;
  for (const word of command) refuseNul(word, 'an argument');
  if (command.some((word) => word.includes('\n'))) return undefined;
  if ((user ?? sessionUser) !== sessionUser || workingDirectory !== undefined || pty) return undefined;
  if (Object.keys(environment ?? {}).length > 0) return undefined;
  const nonce = randomBytes(16).toString('hex');
  const request = shellRequest(announceProgram, [nonce, ...command]);
  if (Buffer.byteLength(request) > longestPlain) return undefined;
  return { request, preamble: '', nonce, elevated: undefined };
}

/** The command as human-readable text. */
export function commandText(command: Command): string {
  return typeof command === 'string' ? command : shellQuoteAll(command);
}

function scriptOf(command: Command, options: CommandOptions, nonce: string, elevated: boolean): string {
  const lines = Object.entries(options.environment ?? {}).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw environmentNameInvalid(name);
    refuseNul(value, `environment variable ${name}`);
    return `export ${name}=${shellQuote(value)}`;
  });
  if (options.workingDirectory !== undefined) lines.push(`cd -- ${shellQuote(options.workingDirectory)} || exit 1`);
  else if (elevated) lines.push('cd 2>/dev/null || cd /');
  if (typeof command !== 'string') {
    if (command.length === 0) throw commandEmpty();
    lines.push(`exec ${shellQuoteAll(command)}`);
  } else {
    refuseNul(command, 'the script');
    lines.push(options.interpreter === undefined ? command : interpreted(command, options.interpreter, nonce));
  }
  return lines.join('\n');
}

/** The script as a file that only this process can open, so that any interpreter takes it and its input stays free. */
function interpreted(script: string, interpreter: Command, nonce: string): string {
  const words = typeof interpreter === 'string' ? interpreter.trim().split(/\s+/) : interpreter;
  if (words.length === 0 || words[0] === '') throw commandEmpty();
  return `exec 3<<'${nonce}-script'\n${script}\n${nonce}-script\nexec ${shellQuoteAll(words)} /proc/self/fd/3`;
}

function checkUser(user: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(user)) return user;
  throw new GoqemuError({
    code: 'user-name-invalid',
    source: 'user',
    subject: 'user',
    message: `${JSON.stringify(user)} is not a user name`,
    detail: 'expected 1 to 32 letters, digits and _ . -, beginning with a letter or _',
    hint: 'name a user of the guest, such as "root"',
  });
}

function environmentNameInvalid(name: string): GoqemuError {
  return new GoqemuError({
    code: 'environment-name-invalid',
    source: 'user',
    subject: 'environment',
    message: `${JSON.stringify(name)} is not the name of an environment variable`,
    detail: 'expected letters, digits and _, not beginning with a digit (POSIX.1-2017, Base Definitions, 8.1)',
    hint: 'rename the variable',
  });
}

function commandEmpty(): GoqemuError {
  return new GoqemuError({
    code: 'command-empty',
    source: 'user',
    message: 'there is no program to run',
    hint: 'give at least one word',
  });
}

function tooLong(script: string): GoqemuError {
  return new GoqemuError({
    code: 'command-too-long',
    source: 'user',
    message: `a command with a terminal is limited to ${longestArgument} bytes, quoted`,
    detail: `this one has ${Buffer.byteLength(script)} bytes`,
    hint: 'upload it as a file and run that, or run it without a terminal',
  });
}
