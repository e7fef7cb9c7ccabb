import type { Writable } from 'node:stream';
import { anySignal } from '@goqemu/core';
import { usageError } from '../arguments/usage-error.ts';
import { screenText } from '../render/printable.ts';
import type { Shell } from './shell.ts';

/** True where the user can be asked: a terminal to read from and one to show the question on. */
export function canAsk(shell: Shell): boolean {
  return shell.stderr.isTTY === true && shell.stdin.isTTY === true; // the second is made when it is asked for
}

/** @throws GoqemuError `usage` where there is no terminal: an error at once instead of a prompt that no user sees */
export function mustBeAbleToAsk(shell: Shell): void {
  if (!canAsk(shell))
    throw usageError('confirmation is needed, and there is no terminal', 'add --yes to skip the confirmation');
}

/** Asks for a yes. Anything but `y` and `yes` is a no. */
export async function confirm(shell: Shell, question: string): Promise<boolean> {
  const answer = await ask(shell, screenText(`${question} [y/N] `), shell.stderr);
  return /^y(?:es)?$/i.test(answer.trim());
}

/** Asks for a secret; what is typed is not shown. */
export async function askSecret(shell: Shell, question: string): Promise<string> {
  shell.stderr.write(screenText(`${question}: `));
  const { Writable } = await import('node:stream');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await ask(shell, '', silent);
  shell.stderr.write('\n');
  return answer;
}

async function ask(shell: Shell, prompt: string, output: Writable): Promise<string> {
  const { createInterface } = await import('node:readline/promises'); // late: most commands ask nothing
  const reader = createInterface({ input: shell.stdin, output, terminal: output !== shell.stderr });
  // readline takes Ctrl-C for itself while it reads; the end of input is a no.
  const ended = new AbortController();
  reader.once('SIGINT', () => ended.abort());
  reader.once('close', () => ended.abort());
  try {
    return await reader.question(prompt, { signal: anySignal(ended.signal, shell.interrupt) });
  } catch (error) {
    if (ended.signal.aborted && !shell.interrupt.aborted && output === shell.stderr) return '';
    throw error;
  } finally {
    reader.close();
  }
}
