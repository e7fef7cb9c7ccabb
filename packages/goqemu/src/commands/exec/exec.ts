import { constants } from 'node:os';
import { hasErrorCode, isGoqemuError } from '@goqemu/core';
import type { CommandResult } from '@goqemu/guest';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { type OpenLab, openDeployedLab } from '../../lab/open-lab.ts';
import { reachMachine } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import { LinePrefixer } from '../../render/line-prefixer.ts';
import { renderError } from '../../render/render-error.ts';
import { typedWord } from '../../render/typed-word.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode, exitCodeOf, isAbort } from '../../shell/exit-code.ts';
import type { ExecOptions } from './exec.spec.ts';

type Input = CommandInput<ExecOptions>;

/** How it ended on one machine. */
interface Outcome {
  readonly machine: string;
  readonly code: number;
  readonly result?: CommandResult;
  readonly error?: unknown;
}

export async function run(context: CommandContext, input: Input): Promise<number> {
  const machines = [...new Set(input.positionals)];
  if (input.options.stdin && machines.length > 1)
    throw usageError('--stdin goes to one machine only', 'name one machine');
  await using lab = await openDeployedLab(context, input.options, eventLog(context.logger).handle);
  // An unknown name is reported before anything runs anywhere.
  for (const name of machines) await lab.engine.machine(name).catch((error) => notSeparated(error, input));
  if (!input.separated) await refuseAmbiguous(lab, input);
  const outcomes = await Promise.all(machines.map((name) => runOn(name, { context, lab, input, machines })));
  for (const { error } of outcomes)
    if (error !== undefined && !isAbort(error)) {
      const { noticeStyle: style, debug, shell } = context;
      context.screen.write(renderError(error, { style, debug, workingFolder: shell.workingFolder }));
    }
  if (input.options.json) context.printJson({ version: 1, results: outcomes.map(report) });
  return outcomes.find((outcome) => outcome.code !== 0)?.code ?? exitCode.done;
}

/** Of `exec web git checkout -- file`: what stands before the `--` was read as machines. */
function notSeparated(error: unknown, { positionals, rest, separated }: Input): never {
  const [first = '', ...others] = positionals;
  if (!separated || others.length === 0 || !hasErrorCode(error, 'machine-unknown') || error.subject === first)
    throw error;
  throw usageError(
    `${error.message}: all words before "--" are machines`,
    `for a command with a "--" of its own: goqemu exec ${first} ${['--', ...others, '--', ...rest].map((word) => typedWord(word)).join(' ')}`,
  );
}

/** Of `exec web worker-1 uptime`: a machine's name begins the command. */
async function refuseAmbiguous(lab: OpenLab, { positionals, rest }: Input): Promise<void> {
  const [first = ''] = rest;
  const machines = await lab.engine.machines();
  if (!machines.some(({ name }) => name === first)) return;
  const [machine, ...words] = [positionals[0] ?? '', ...rest.map((word) => typedWord(word))];
  const end = typedWord('--');
  throw usageError(
    `"${first}" is a machine of the lab, and stands where the command begins`,
    `for both machines: goqemu exec ${machine} ${first} ${end} ${words.slice(1).join(' ') || 'COMMAND'}; for a command of that name: goqemu exec ${machine} ${end} ${words.join(' ')}`,
  );
}

/** One call of `exec`, on one machine or several. */
interface Execution {
  readonly context: CommandContext;
  readonly lab: OpenLab;
  readonly input: Input;
  readonly machines: readonly string[];
}

async function runOn(name: string, { context, lab, input, machines }: Execution): Promise<Outcome> {
  const { options, rest } = input;
  const { shell, style } = context;
  const width = Math.max(...machines.map((machine) => machine.length));
  const prefix = machines.length > 1 ? `${style.cyan(name.padEnd(width))} ${style.dim('|')} ` : '';
  const out = new LinePrefixer(shell.stdout, prefix);
  const err = new LinePrefixer(shell.stderr, prefix);
  try {
    const { endpoints } = await reachMachine(context, lab, name);
    await using session = await endpoints.openSession();
    const result = await session.exec(rest, {
      environment: environmentOf(options.env),
      timeoutMs: options.timeout === undefined ? Number.POSITIVE_INFINITY : options.timeout * 1000,
      signal: shell.interrupt,
      maxOutputBytes: options.json ? 16 << 20 : 1 << 16,
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(options.workdir === undefined ? {} : { workingDirectory: options.workdir }),
      ...(options.stdin ? { input: shell.stdin } : {}),
      ...(options.json
        ? {}
        : { onStdout: (chunk: Buffer) => out.write(chunk), onStderr: (chunk: Buffer) => err.write(chunk) }),
    });
    return { machine: name, code: codeOf(result), result };
  } catch (error) {
    const code = isAbort(error)
      ? exitCode.interrupted
      : isGoqemuError(error)
        ? exitCode.noConnection
        : exitCodeOf(error);
    return { machine: name, code, error };
  } finally {
    out.end();
    err.end();
  }
}

/** A signal's number is added to 128, as shells do it. */
function codeOf({ exitCode: code, signal }: CommandResult): number {
  if (code !== null) return code;
  return 128 + (constants.signals[`SIG${signal}` as NodeJS.Signals] ?? 0);
}

function environmentOf(assignments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const at = assignment.indexOf('=');
      if (at < 1) throw usageError(`--env: "${assignment}" is not NAME=VALUE`, 'write, for example, --env LANG=C');
      return [assignment.slice(0, at), assignment.slice(at + 1)];
    }),
  );
}

function report({ machine, code, result, error }: Outcome): unknown {
  if (!result) {
    const facts = isGoqemuError(error)
      ? { code: error.code, message: error.message }
      : { code: 'internal', message: String(error) };
    return { machine, exitCode: code, error: facts };
  }
  const { stdout, stderr, signal, durationMs } = result;
  return { machine, exitCode: code, signal, stdout, stderr, durationSeconds: durationMs / 1000 };
}
