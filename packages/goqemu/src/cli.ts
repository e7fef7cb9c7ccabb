/** The command line's process: the one place where goqemu touches its own streams, signals and exit code. */
import { hostPlatform } from '@goqemu/core';
import { createBackend } from './host/create-backend.ts';
import { renderError } from './render/render-error.ts';
import { screenOn } from './render/screen.ts';
import { plainStyle } from './render/style.ts';
import { exitCode } from './shell/exit-code.ts';
import { listenForInterrupts } from './shell/interrupts.ts';
import { watchOutput } from './shell/output-failure.ts';
import { runCommandLine } from './shell/run-command-line.ts';

export async function main(): Promise<void> {
  const signals = listenForInterrupts();
  const workingFolder = process.cwd();
  // A caller who closes standard error wants to read nothing, and there is nowhere left to report to.
  process.stderr.on('error', () => undefined);
  watchOutput(process.stdout, {
    closed: signals.stop,
    failed: (error) => {
      process.exitCode = exitCode.failed; // also when the command has ended well: its result is lost
      screenOn(process.stderr).write(renderError(error, { style: plainStyle, workingFolder, debug: false }));
      signals.stop();
    },
  });
  const platform = hostPlatform();
  const code = await runCommandLine({
    argv: process.argv.slice(2),
    platform,
    workingFolder,
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
  process.exitCode ||= code === exitCode.interrupted ? signals.exitCode() : code;
}
