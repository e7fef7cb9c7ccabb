import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoqemuError } from '@goqemu/core';
import { defineCommand } from '../shell/runnable-command.ts';
import type { CommandSpec } from './command-spec.ts';
import { globalOptions } from './global-options.ts';
import { chooseCommand, ownWords, parseArguments } from './parse-arguments.ts';

const load = () => Promise.reject(new Error('not run here'));

const exec = defineCommand({
  name: 'exec',
  summary: 'run a command in machines',
  positionals: [{ name: 'MACHINE', summary: 'a machine', many: true }],
  rest: { name: 'COMMAND', summary: 'a program and its arguments' },
  options: {
    parallel: { kind: 'number', value: 'N', least: 1, most: 64, summary: 'machines at a time' },
    env: { kind: 'list', value: 'NAME=VALUE', summary: 'environment' },
    user: { kind: 'text', short: 'u', value: 'NAME', summary: 'user' },
    json: { kind: 'flag', summary: 'json' },
  },
  examples: [{ command: 'goqemu exec web -- uname -a', does: 'the kernel of web' }],
  load,
});
const create = defineCommand({
  name: 'checkpoint create',
  summary: 'create a checkpoint',
  positionals: [{ name: 'DESCRIPTION', summary: 'what for' }],
  options: {},
  examples: [],
  load,
});
const commands: readonly CommandSpec[] = [exec, create];

function parse(...words: string[]) {
  return parseArguments(exec, words, globalOptions);
}

function usage(work: () => unknown): GoqemuError {
  try {
    work();
  } catch (error) {
    assert.equal((error as GoqemuError).code, 'usage');
    return error as GoqemuError;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
}

test('options, positionals and the command after -- are distinguished', () => {
  const { input, globals } = parse(
    'web',
    '-u',
    'root',
    'db',
    '--env',
    'A=1',
    '--env=B=2',
    '-v',
    '--',
    'ls',
    '--json',
    '-u',
  );
  assert.deepEqual(input.positionals, ['web', 'db']);
  assert.deepEqual(input.rest, ['ls', '--json', '-u']);
  assert.equal(input.options.user, 'root');
  assert.deepEqual(input.options.env, ['A=1', 'B=2']);
  assert.equal(input.options.json, false);
  assert.equal(input.options.parallel, undefined);
  assert.equal(globals.verbose, true);
});

test('without --, the first word after the machine that is not an option begins the command', () => {
  const { input } = parse('web', '-u', 'root', 'ls', '-la', '--json', '-u', 'x');
  assert.deepEqual(input.positionals, ['web']);
  assert.deepEqual(input.rest, ['ls', '-la', '--json', '-u', 'x']);
  assert.deepEqual([input.options.user, input.options.json, input.separated], ['root', false, false]);
  const separated = parse('web', 'ls', '--', 'x').input;
  assert.deepEqual([separated.positionals, separated.rest, separated.separated], [['web', 'ls'], ['x'], true]);
});

test('the words that are goqemu’s own end where the command in the guest begins', () => {
  const own = (...words: string[]) => ownWords(words, commands, globalOptions);
  assert.deepEqual(own('exec', '--json', 'web', 'ls', '--help'), ['--json', 'web']);
  assert.deepEqual(own('exec', 'web', '--', 'ls', '--help'), ['exec', 'web']);
  assert.deepEqual(own('checkpoint', 'create', 'now', '--help'), ['now', '--help']);
  assert.deepEqual(own('exce', 'web', '--json'), ['exce', 'web', '--json']);
});

test('an option of another tool is answered with the one that it is here, also with a single dash', () => {
  const spec = {
    ...create,
    options: { yes: { kind: 'flag', summary: '' }, out: { kind: 'list', value: 'X', summary: '' } },
  } as const;
  const hint = (word: string) => usage(() => parseArguments(spec, ['now', word], globalOptions));
  for (const word of ['--auto-approve', '-auto-approve', '--force'])
    assert.match(`${hint(word).message}: ${hint(word).hint}`, new RegExp(`"${word}": here that is --yes`));
  assert.match(hint('-out=next.plan').hint ?? '', /"--out"/);
  assert.match(usage(() => parseArguments(create, ['now', '--force'], globalOptions)).hint ?? '', /leave it out/);
});

test('an unknown option is refused with the nearest one', () => {
  assert.match(usage(() => parse('web', '--paralel', '3', '--', 'ls')).hint ?? '', /--parallel/);
  assert.match(usage(() => parse('web', '-z', '--', 'ls')).message, /no option "-z"/);
});

test('a number out of range, a missing value and a value of a flag are refused by name', () => {
  assert.match(usage(() => parse('web', '--parallel', '0', '--', 'ls')).message, /from 1 to 64/);
  assert.match(usage(() => parse('web', '--parallel=1e1', '--', 'ls')).message, /whole number/);
  assert.match(usage(() => parse('web', '--user', '--', 'ls')).message, /--user needs a value/);
  assert.match(usage(() => parse('web', '--json=yes', '--', 'ls')).message, /--json takes no value/);
});

test('what is missing is reported with an example', () => {
  const noMachine = usage(() => parse('--', 'ls'));
  assert.match(noMachine.message, /needs MACHINE/);
  assert.match(noMachine.hint ?? '', /goqemu exec web -- uname -a/);
  assert.match(usage(() => parse('web')).message, /needs COMMAND: a program/);
});

test('a positional too many is named', () => {
  assert.match(usage(() => parseArguments(create, ['a', 'b'], globalOptions)).message, /"b"/);
});

test('the debug flag takes scopes glued on, and no others', () => {
  assert.equal(parse('web', '--debug', '--', 'ls').globals.debug, true);
  assert.equal(parse('web', '--debug=qmp,ssh', '--', 'ls').globals.debug, 'qmp,ssh');
  assert.match(usage(() => parse('web', '--debug=network', '--', 'ls')).message, /not one of/);
});

test('commands of one and two words are found, with global options before them', () => {
  assert.equal(chooseCommand(['-v', 'exec', 'web'], commands, globalOptions)?.spec.name, 'exec');
  const chosen = chooseCommand(['--no-color', 'checkpoint', 'create', 'now'], commands, globalOptions);
  assert.equal(chosen?.spec.name, 'checkpoint create');
  assert.deepEqual(chosen?.words, ['--no-color', 'now']);
  assert.equal(chooseCommand(['--version'], commands, globalOptions), undefined);
});

test('an unknown command is refused with the nearest one', () => {
  assert.match(usage(() => chooseCommand(['exce', 'web'], commands, globalOptions)).hint ?? '', /goqemu exec/);
  assert.match(
    usage(() => chooseCommand(['checkpoint', 'crate'], commands, globalOptions)).hint ?? '',
    /checkpoint create/,
  );
  assert.match(usage(() => chooseCommand(['checkpoint'], commands, globalOptions)).message, /needs one of: create/);
});
