import { constants } from 'node:os';
import { isGoqemuError } from '@goqemu/core';
import type { ShellOptions } from '@goqemu/guest';
import type { OpenLab } from '../../lab/open-lab.ts';
import { reachMachine } from '../../lab/reach-machine.ts';
import { renderError } from '../../render/render-error.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode, exitCodeOf } from '../../shell/exit-code.ts';
import type { Shell } from '../../shell/shell.ts';
import { attachTerminal } from '../../terminal/attach-terminal.ts';
import { joinStreams } from '../../terminal/join-streams.ts';

/** Joins this terminal with a shell, or a program, in a machine. @returns its exit code, or 255 without a connection */
export async function guestShell(
  context: CommandContext,
  lab: OpenLab,
  machine: string,
  command: readonly string[],
): Promise<number> {
  try {
    const { endpoints } = await reachMachine(context, lab, machine);
    await using session = await endpoints.openSession();
    await using remote = await session.shell({
      signal: context.shell.interrupt,
      ...terminalOf(context.shell),
      ...(command.length > 0 ? { command } : {}),
    });
    if (context.shell.stdin.isTTY)
      await attachTerminal(
        context.shell,
        { input: remote.stdin, output: remote.stdout, resize: (size) => remote.resize(size) },
        { ended: remote.ending },
      );
    else await joinStreams(context.shell, remote);
    const { exitCode: code, signal } = await remote.ending;
    return code ?? 128 + (constants.signals[`SIG${signal}` as NodeJS.Signals] ?? 0);
  } catch (error) {
    if (!isGoqemuError(error)) return fail(context, error, exitCodeOf(error));
    return fail(context, error, exitCode.noConnection);
  }
}

/** As with ssh(1): a terminal there when there is one here. */
function terminalOf({ stdin, stdout, platform }: Shell): Pick<ShellOptions, 'terminal'> {
  if (!stdin.isTTY) return { terminal: false };
  const { columns, rows } = stdout as { columns?: number; rows?: number };
  const term = platform.env.TERM;
  return columns && rows ? { terminal: { columns, rows, ...(term ? { term } : {}) } } : {};
}

function fail(context: CommandContext, error: unknown, code: number): number {
  const { noticeStyle: style, debug, shell } = context;
  context.screen.write(renderError(error, { style, debug, workingFolder: shell.workingFolder }));
  return code;
}
