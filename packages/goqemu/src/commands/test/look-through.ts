import { spawn } from 'node:child_process';
import { formatDuration, GoqemuError, hasErrorCode, scaledTimeout, withDeadline } from '@goqemu/core';
import { runSettingsVariable } from '@goqemu/test/process';
import type { CommandContext } from '../../shell/command-context.ts';
import { collectVariable } from '../../tests/collect-variable.ts';
import type { CollectedFile } from '../../tests/collected-file.ts';
import { ownFile } from '../../tests/own-file.ts';
import { testEnvironment } from './test-environment.ts';

/** Milliseconds for all files: they only describe their tests, and a slow host reads a hundred in this time. */
const limitMs = 120_000;

const script = 'const [module, ...files] = process.argv.slice(1); await (await import(module)).collectTests(files);';

/**
 * Imports test files in a process of its own, and tells which tests and labs they name; no test runs.
 *
 * @throws GoqemuError `test-file-failed` for the first file that cannot be read
 */
export async function lookThrough(
  context: CommandContext,
  files: readonly string[],
): Promise<readonly CollectedFile[]> {
  const found = await inTime(context, files);
  const broken = found.find(({ error }) => error !== undefined);
  if (!broken?.error) return found;
  const { message, stack, code } = broken.error;
  throw new GoqemuError({
    code: 'test-file-failed',
    source: 'user',
    subject: broken.file,
    message: `${broken.file} cannot be read: ${message}`,
    ...(stack && code !== 'ERR_MODULE_NOT_FOUND' ? { detail: stack } : {}),
    hint: 'correct the file; outside of its tests it only describes them',
    location: { file: broken.file },
  });
}

async function inTime(context: CommandContext, files: readonly string[]): Promise<readonly CollectedFile[]> {
  const { interrupt, platform } = context.shell;
  const milliseconds = scaledTimeout(limitMs, platform.env);
  try {
    return await withDeadline('reading the test files', milliseconds, interrupt, (signal) =>
      collected(context, files, signal),
    );
  } catch (error) {
    if (!hasErrorCode(error, 'timeout')) throw error;
    throw notReadable(files, `that takes longer than ${formatDuration(milliseconds)}`, '');
  }
}

function collected(
  { shell }: CommandContext,
  files: readonly string[],
  signal: AbortSignal,
): Promise<readonly CollectedFile[]> {
  const preload = ['--import', ownFile('test-preload')];
  const words = ['--input-type=module', '-e', script, ownFile('test-collector'), ...files];
  const child = spawn(process.execPath, [...preload, ...words], {
    cwd: shell.workingFolder,
    env: testEnvironment(shell.platform.env, { [runSettingsVariable]: '{}', [collectVariable]: '1' }),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    signal,
    killSignal: 'SIGKILL', // a file may be in a loop without an end
  });
  return new Promise((resolve, reject) => {
    let said = '';
    let answer: readonly CollectedFile[] | undefined;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    child.on('message', (message) => {
      answer = message as readonly CollectedFile[];
    });
    child.once('error', reject); // also of an interrupt, and when the time is up
    child.once('close', (code, signal) => {
      if (answer) resolve(answer);
      else reject(notReadable(files, `Node.js ended with ${code ?? signal}`, said));
    });
  });
}

/** A file that ended the process instead of being read. */
function notReadable(files: readonly string[], why: string, said: string): GoqemuError {
  return new GoqemuError({
    code: 'test-file-failed',
    source: 'user',
    message: `the test files cannot be read: ${why}`,
    ...(said ? { detail: said.trim() } : {}),
    hint: `one of them ends the process, or never ends: ${files.join(', ')}`,
  });
}
