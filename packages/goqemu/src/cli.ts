/** The command line's process: the one place where goqemu touches its own streams, signals and exit code. */
import { type HostPlatform, hostPlatform, type Logger } from '@goqemu/core';
import type { HostBackend } from './shell/host-backend.ts';
import { listenForInterrupts } from './shell/interrupts.ts';
import { runCommandLine } from './shell/run-command-line.ts';

interface BackendModule {
  readonly QemuBackend: new (options: { platform: HostPlatform; logger: Logger }) => HostBackend;
}

export async function main(): Promise<void> {
  // A reader that goes away (`goqemu logs web | head`) ends the command without a word.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const signals = listenForInterrupts();
  process.exitCode = await runCommandLine({
    argv: process.argv.slice(2),
    platform: hostPlatform(),
    workingFolder: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupt: signals.interrupt,
    kill: signals.kill,
    createBackend: async (logger) => {
      const { QemuBackend } = (await import('@goqemu/backend-qemu')) as unknown as BackendModule;
      return new QemuBackend({ platform: hostPlatform(), logger });
    },
  });
}
