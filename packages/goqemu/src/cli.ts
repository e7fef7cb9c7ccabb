/** The command line's process: the one place where goqemu touches its own streams, signals and exit code. */
import { hostPlatform } from '@goqemu/core';
import { createBackend } from './host/create-backend.ts';
import { listenForInterrupts } from './shell/interrupts.ts';
import { runCommandLine } from './shell/run-command-line.ts';

export async function main(): Promise<void> {
  // A reader that goes away (`goqemu logs web | head`) ends the command without a word.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const signals = listenForInterrupts();
  const platform = hostPlatform();
  process.exitCode = await runCommandLine({
    argv: process.argv.slice(2),
    platform,
    workingFolder: process.cwd(),
    // Node.js makes it when it is asked for, and most commands read nothing.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    interrupt: signals.interrupt,
    kill: signals.kill,
    createBackend: (logger) => createBackend({ platform, logger }),
  });
}
