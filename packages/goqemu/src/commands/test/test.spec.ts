import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  workers: {
    kind: 'number',
    short: 'w',
    value: 'N',
    least: 1,
    most: 64,
    summary: 'test files at a time (default: as many as the host has processors, and memory for forks)',
  },
  name: {
    kind: 'list',
    short: 'n',
    value: 'PATTERN',
    summary: 'only tests whose name matches this regular expression, and those in a suite that does',
  },
  shard: { kind: 'text', value: 'I/N', summary: 'only the I-th of N parts of the test files' },
  'last-failed': { kind: 'flag', summary: 'only tests that failed in the last run' },
  repeat: { kind: 'number', value: 'N', least: 1, most: 1000, summary: 'run each test N times, each with a result' },
  'until-fails': {
    kind: 'number',
    value: 'N',
    least: 1,
    most: 100_000,
    summary: 'run each test up to N times, until it fails',
  },
  retries: {
    kind: 'number',
    value: 'N',
    least: 0,
    most: 100,
    summary: 'run a test that failed up to N times more; it passes when one passes (default: 0)',
  },
  timeout: {
    kind: 'number',
    value: 'SECONDS',
    least: 1,
    most: 86_400,
    summary: 'time limit for a test that has none of its own (default: 300)',
  },
  reporter: {
    kind: 'list',
    short: 'r',
    value: 'NAME[=FILE]',
    summary:
      'how results are reported: spec (default), dot or tap; junit or json, also in FILE; html (default FILE: test-results/report.html); github, annotations and a summary (default where GITHUB_ACTIONS is set)',
  },
  trace: {
    kind: 'text',
    value: 'WHEN',
    choices: ['off', 'on-failure', 'full'],
    summary:
      'what a test leaves behind: on-failure (default), a trace of one that failed, with its machines as they were; full, also as they were before each action; or off',
  },
  'trace-dir': {
    kind: 'text',
    value: 'FOLDER',
    summary: 'where traces go (default: test-results/traces)',
    completes: 'folder',
  },
  'keep-traces': {
    kind: 'number',
    value: 'N',
    least: 0,
    most: 10_000,
    summary: 'how many failures of a run keep their machines, and how many traces of earlier runs stay (default: 10)',
  },
  'update-images': {
    kind: 'flag',
    summary: 'write the pictures again that screens do not match (toMatchImage)',
  },
  list: { kind: 'flag', summary: 'list the tests, run none' },
  watch: { kind: 'flag', summary: 'run them again whenever a file of the project changes, until Ctrl-C' },
} as const satisfies OptionSpecs;

export type TestCommandOptions = typeof options;

export const testCommand = defineCommand({
  name: 'test',
  summary: 'run tests on the machines of labs',
  description:
    'Runs test files with the test runner of Node.js, several at a time. Without FILE these are the files that end in\n.lab.test.ts (or .mts, .js, .mjs) in the working folder and below it, but for node_modules and folders that begin with a\ndot. The labs that they name are applied first, without a question; afterwards they stay as they are. Exits with 1 when a\ntest failed, and with 65 when a test file cannot be read.',
  positionals: [
    { name: 'FILE', summary: 'test files, or folders with some', optional: true, many: true, completes: 'file' },
  ],
  options,
  examples: [
    { command: 'goqemu test', does: 'all *.lab.test.ts' },
    { command: "goqemu test upgrade.lab.test.ts --name 'keeps the data'", does: 'one test' },
    { command: 'goqemu test --watch', does: 'again with every change of a file' },
    { command: 'goqemu test --last-failed', does: 'what failed, again' },
    { command: 'goqemu test --until-fails 50 --workers 1', does: 'look for a test that fails at times' },
    { command: 'goqemu test --reporter spec --reporter html', does: 'a page to look at, besides' },
    { command: 'goqemu test --reporter junit=results.xml', does: 'a result for CI' },
  ],
  load: () => import('./test.ts'),
});
