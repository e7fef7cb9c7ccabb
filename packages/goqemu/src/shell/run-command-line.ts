import { join } from 'node:path';
import { goqemuHome, timeoutScale } from '@goqemu/core';
import type { CommandSpec } from '../arguments/command-spec.ts';
import { globalOptions } from '../arguments/global-options.ts';
import { chooseCommand, ownWords, parseArguments } from '../arguments/parse-arguments.ts';
import { commands } from '../commands/command-table.ts';
import { completionWord } from '../completion/candidates.ts';
import { renderError } from '../render/render-error.ts';
import { type Screen, screenOn } from '../render/screen.ts';
import { styleFor } from '../render/style.ts';
import type { CommandContext } from './command-context.ts';
import { DebugLog } from './debug-log.ts';
import { exitCode, exitCodeOf, isAbort } from './exit-code.ts';
import { askSecret, canAsk } from './prompt.ts';
import { ResultDocument } from './result-document.ts';
import type { Shell } from './shell.ts';
import { version } from './version.ts';

/** Runs one command line to its end and returns the exit code. Never throws, never exits the process. */
export async function runCommandLine(shell: Shell): Promise<number> {
  const wanted = requestedColour(shell.argv);
  const wish = { wanted, env: shell.platform.env };
  const noticeStyle = styleFor(shell.stderr, wish);
  const screen = screenOn(shell.stderr);
  const document = new ResultDocument(shell.stdout);
  let debugLog: DebugLog | undefined;
  let debug = false;
  try {
    if (shell.argv[0] === completionWord)
      return await (await import('../completion/answer-shell.ts')).answerShell(shell);
    const chosen = chooseCommand(shell.argv, commands, globalOptions);
    if (!chosen) return await withoutCommand(shell);
    if (asksForHelp(shell.argv)) return await showHelp(shell, chosen.spec);
    const { input, globals } = parseArguments(chosen.spec, chosen.words, globalOptions);
    timeoutScale(shell.platform.env); // what is wrong with it is said before anything is done
    const scopes = typeof globals.debug === 'string' ? globals.debug.split(',') : [];
    debug = globals.debug !== false;
    debugLog = new DebugLog(
      join(goqemuHome(shell.platform), 'logs'),
      chosen.spec.name,
      debug ? { screen, scopes } : undefined,
    );
    const context = contextOf({ shell, spec: chosen.spec, globals, debugLog, screen, document });
    const { run } = await chosen.spec.load();
    return await run({ ...context, style: styleFor(shell.stdout, wish), noticeStyle }, input);
  } catch (error) {
    if (goqemuWords(shell.argv).includes('--json')) await document.printError(error);
    if (isAbort(error)) {
      screen.write('interrupted\n');
      return exitCode.interrupted;
    }
    debugLog?.log('error', 'command', 'ended by an error', { error });
    const logPath = debugLog?.written ? debugLog.path : undefined;
    screen.write(renderError(error, { style: noticeStyle, workingFolder: shell.workingFolder, debug, logPath }));
    return exitCodeOf(error);
  } finally {
    debugLog?.[Symbol.dispose]();
  }
}

function contextOf(parts: {
  readonly shell: Shell;
  readonly spec: CommandSpec;
  readonly globals: Readonly<Record<string, unknown>>;
  readonly debugLog: DebugLog;
  readonly screen: Screen;
  readonly document: ResultDocument;
}): Omit<CommandContext, 'style' | 'noticeStyle'> {
  const { shell, spec, globals, debugLog, screen, document } = parts;
  const quiet = globals.quiet === true;
  const results = screenOn(shell.stdout);
  return {
    shell,
    commands,
    command: `goqemu ${spec.name}`,
    quiet,
    verbose: globals.verbose === true,
    debug: globals.debug !== false,
    logger: debugLog,
    debugLog,
    screen,
    print: (text) => results.write(text),
    printJson: (value) => document.print(value),
    tell: (line) => {
      if (!quiet) screen.write(`${line}\n`);
    },
    ...(canAsk(shell) ? { promptSecret: (question: string) => askSecret(shell, question) } : {}),
  };
}

/** `goqemu`, `goqemu --version`, `goqemu --help`: no command was named. */
async function withoutCommand(shell: Shell): Promise<number> {
  if (shell.argv.includes('--version')) {
    shell.stdout.write(`${version}\n`);
    return exitCode.done;
  }
  const asked = asksForHelp(shell.argv);
  const { renderOverview } = await import('../arguments/help.ts');
  const stream = asked ? shell.stdout : shell.stderr;
  stream.write(
    renderOverview(commands, styleFor(stream, { wanted: requestedColour(shell.argv), env: shell.platform.env })),
  );
  if (asked) return exitCode.done;
  // An unknown option is reported as one.
  if (shell.argv.length > 0) parseArguments(noCommand, shell.argv, globalOptions);
  return exitCode.usage;
}

const noCommand: CommandSpec = { name: '', summary: '', positionals: [], options: {}, examples: [] };

async function showHelp(shell: Shell, spec: CommandSpec): Promise<number> {
  const { renderCommandHelp } = await import('../arguments/help.ts');
  const style = styleFor(shell.stdout, { wanted: requestedColour(shell.argv), env: shell.platform.env });
  shell.stdout.write(renderCommandHelp(spec, style));
  return exitCode.done;
}

function asksForHelp(words: readonly string[]): boolean {
  return goqemuWords(words).some((word) => word === '--help' || word === '-h');
}

/** Not those of a command in the guest. */
function goqemuWords(words: readonly string[]): readonly string[] {
  return ownWords(words, commands, globalOptions);
}

/** Read before anything else, since the first error may be about the words themselves. */
function requestedColour(words: readonly string[]): 'always' | 'never' | 'auto' {
  let wish: 'always' | 'never' | 'auto' = 'auto';
  for (const word of goqemuWords(words)) {
    if (word === '--color' || word === '--color=always') wish = 'always';
    if (word === '--no-color' || word === '--color=never') wish = 'never';
    if (word === '--color=auto') wish = 'auto';
  }
  return wish;
}
