import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { goqemuHome, visibleWord } from '@goqemu/core';
import { defaultKeepTraces, defaultTimeoutMs, type RunSettings } from '@goqemu/test/process';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import { renderError } from '../../render/render-error.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { tracesFolder } from '../../traces/trace-folder.ts';
import { applyLabs } from './apply-labs.ts';
import { chooseReporters, type Reporters } from './choose-reporters.ts';
import { chooseWorkers } from './choose-workers.ts';
import { readLastFailed, resultsFolder, writeLastRun } from './last-run.ts';
import { lookThrough } from './look-through.ts';
import { ProjectWatch } from './project-watch.ts';
import { removeLeftForks } from './remove-left-forks.ts';
import { listTests } from './report-results.ts';
import { type FileRunResult, runFiles } from './run-files.ts';
import { type SelectedTests, selectTests } from './select-tests.ts';
import { settleTraces } from './settle-traces.ts';
import type { TestCommandOptions } from './test.spec.ts';
import { findTestFiles } from './test-files.ts';
import { TestRecords } from './test-records.ts';
import { TestedLabs } from './tested-labs.ts';
import { writeReports } from './write-reports.ts';

type Options = CommandInput<TestCommandOptions>['options'];

export async function run(context: CommandContext, input: CommandInput<TestCommandOptions>): Promise<number> {
  const { options } = input;
  checkOptions(options);
  return options.watch ? await runAgainAndAgain(context, input) : await runOnce(context, input);
}

/** Ends with Ctrl-C. What cannot be run now is said like a failed test: the next change may correct it. */
async function runAgainAndAgain(context: CommandContext, input: CommandInput<TestCommandOptions>): Promise<number> {
  const { workingFolder, interrupt, platform } = context.shell;
  const { options } = input;
  const { junit, json, html } = chooseReporters(options.reporter, { workingFolder, env: platform.env });
  const written = [
    goqemuHome(platform),
    resultsFolder(workingFolder),
    tracesFolder(workingFolder, options['trace-dir']),
    ...junit,
    ...json,
    ...html,
  ];
  using watched = new ProjectWatch(workingFolder, written);
  for (;;) {
    try {
      await runOnce(context, input);
    } catch (error) {
      if (interrupt.aborted) throw error;
      const { noticeStyle: style, debug, screen } = context;
      screen.write(renderError(error, { style, debug, workingFolder }));
    }
    if (interrupt.aborted) return exitCode.interrupted;
    context.tell('waiting for a change; Ctrl-C ends');
    const changed = await watched.next(interrupt);
    const names = changed.slice(0, 3).map((path) => visibleWord(relative(workingFolder, path)));
    context.tell(`${names.join(', ')}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''} changed`);
  }
}

async function runOnce(context: CommandContext, input: CommandInput<TestCommandOptions>): Promise<number> {
  const { options, positionals } = input;
  const { workingFolder, platform } = context.shell;
  const reporters = chooseReporters(options.reporter, { workingFolder, env: platform.env });
  const failed = options['last-failed'] ? lastFailed(workingFolder) : undefined;
  if (failed?.length === 0) {
    context.tell('no test failed in the last run');
    return exitCode.done;
  }
  const found = await lookThrough(context, findTestFiles(positionals, workingFolder));
  const selected = selectTests(found, { name: options.name, shard: options.shard, failed }, workingFolder);
  if (options.list) {
    listTests(context, selected.files, reporters.json.includes('stdout'));
    return exitCode.done;
  }
  const settings = runSettings(context, options);
  await using records = await TestRecords.open(workingFolder, settings.id);
  const startedAt = Date.now();
  const { code, tests } = await runTests(context, selected, {
    ...{ options, reporter: reporters.node },
    settings:
      reporters.html.length + reporters.junit.length > 0 || reporters.github
        ? { ...settings, records: records.folder }
        : settings,
  });
  if (context.shell.interrupt.aborted) return exitCode.interrupted;
  await settleTraces(context, settings);
  await writeLastRun(workingFolder, tests);
  await writeReports(context, reporters, { tests, records: records.read(), startedAt });
  return code === 0 ? exitCode.done : exitCode.failed;
}

/** What contradicts itself, and what cannot be. */
function checkOptions(options: Options): void {
  if (options['until-fails'] !== undefined && (options.repeat !== undefined || options.retries !== undefined))
    throw usageError('--until-fails runs tests again itself', 'leave --repeat and --retries out');
  if (options.watch && options.list) throw usageError('--list runs no tests', 'leave --watch or --list out');
}

function lastFailed(workingFolder: string) {
  const failed = readLastFailed(workingFolder);
  if (failed) return failed;
  throw usageError(
    `there is no last run: ${resultsFolder(workingFolder)} has nothing of one`,
    'run "goqemu test" in this folder first',
  );
}

interface Run {
  readonly options: Options;
  readonly reporter: Reporters['node'];
  readonly settings: RunSettings;
}

async function runTests(
  context: CommandContext,
  selected: SelectedTests,
  { options, reporter, settings }: Run,
): Promise<FileRunResult> {
  const { files, patterns } = selected;
  const sink = await chooseRenderer(context, undefined);
  await using labs = await TestedLabs.open(context, files, sink);
  try {
    await applyLabs(context, labs.all);
  } finally {
    await sink.close(); // what follows is the report of the tests
  }
  const only = files.some(({ tests }) => tests.some(({ mode }) => mode === 'only'));
  if (only) context.tell('only tests that are marked with .only run');
  try {
    return await runFiles(context, {
      files: files.map(({ file }) => file),
      patterns,
      only,
      workers: await chooseWorkers(context, options.workers, files.length, labs.all),
      reporter,
      updateImages: options['update-images'] === true,
      settings: { ...settings, applied: labs.all.map(({ key }) => key) },
    });
  } finally {
    await removeLeftForks(labs.all, settings.id);
  }
}

function runSettings({ shell }: CommandContext, options: Options): RunSettings {
  return {
    id: randomBytes(3).toString('hex'),
    timeoutMs: options.timeout === undefined ? defaultTimeoutMs : options.timeout * 1000,
    retries: options.retries ?? 0,
    repeat: options.repeat ?? 1,
    untilFails: options['until-fails'] ?? 1,
    results: resultsFolder(shell.workingFolder),
    trace: (options.trace ?? 'on-failure') as RunSettings['trace'], // one of its choices
    traces: tracesFolder(shell.workingFolder, options['trace-dir']),
    keepTraces: options['keep-traces'] ?? defaultKeepTraces,
    applied: [],
  };
}
