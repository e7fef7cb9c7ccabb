import { spawn } from 'node:child_process';
import { type RunSettings, runSettingsVariable, updateVariable } from '@goqemu/test/process';
import type { CommandContext } from '../../shell/command-context.ts';
import { ownFile } from '../../tests/own-file.ts';
import type { RecordedTest } from '../../tests/recorded-test.ts';
import { testEnvironment } from './test-environment.ts';

export interface FileRun {
  readonly files: readonly string[];
  readonly patterns: readonly string[];
  /** Only those that are marked so. */
  readonly only: boolean;
  readonly workers: number;
  /** Of Node's runner; undefined: it prints nothing. */
  readonly reporter: string | undefined;
  readonly settings: RunSettings;
  /** Whether pictures of screens that do not match are written again. */
  readonly updateImages: boolean;
}

/** How the runner ended. */
export interface FileRunResult {
  readonly code: number | null;
  readonly tests: readonly RecordedTest[];
}

/** Milliseconds that the runner has to end after the first interrupt. */
const graceMs = 20_000;

/** Runs test files with Node's runner, in a process of its own that ends with this one. */
export async function runFiles(context: CommandContext, run: FileRun): Promise<FileRunResult> {
  const { shell } = context;
  const tests: RecordedTest[] = [];
  const colours = context.style.coloured ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
  const child = spawn(process.execPath, argumentsOf(run), {
    cwd: shell.workingFolder,
    env: testEnvironment(shell.platform.env, {
      ...colours,
      ...(run.updateImages ? { [updateVariable]: '1' } : {}),
      [runSettingsVariable]: JSON.stringify(run.settings),
    }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.stdout?.pipe(shell.stdout, { end: false });
  child.stderr?.pipe(shell.stderr, { end: false });
  child.on('message', (message) => tests.push(message as RecordedTest));
  const end = () => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
  };
  const kill = () => child.kill('SIGKILL');
  shell.interrupt.addEventListener('abort', end, { once: true });
  shell.kill.addEventListener('abort', kill, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (ended) => resolve(ended));
      if (shell.interrupt.aborted) end();
    });
    return { code, tests };
  } finally {
    shell.interrupt.removeEventListener('abort', end);
    shell.kill.removeEventListener('abort', kill);
  }
}

function argumentsOf({ files, patterns, only, workers, reporter }: FileRun): readonly string[] {
  const reporters = [reporter, ownFile('test-recorder')].filter((one) => one !== undefined);
  return [
    ...['--import', ownFile('test-preload')],
    '--test',
    '--test-force-exit', // a test whose time is up may leave something open
    `--test-concurrency=${workers}`,
    ...reporters.flatMap((one) => [`--test-reporter=${one}`, '--test-reporter-destination=stdout']),
    ...patterns.map((pattern) => `--test-name-pattern=${pattern}`),
    ...(only ? ['--test-only'] : []),
    ...files,
  ];
}
