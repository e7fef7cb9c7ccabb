import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../commands/command-table.ts';
import { globalOptions } from './global-options.ts';
import { otherWord, otherWordHints, otherWords } from './other-words.ts';
import { chooseCommand, parseArguments } from './parse-arguments.ts';

test('a command of another tool is answered with the command that it is here, and 64', () => {
  for (const [word, here] of [
    ['up', /"goqemu apply"/],
    ['down', /"goqemu destroy"/],
    ['restore', /"goqemu checkpoint restore NAME"/],
    ['snapshot', /"goqemu checkpoint create NAME"/],
    ['halt', /"goqemu stop"/],
    ['reload', /"goqemu restart"/],
    ['hibernate', /"goqemu suspend"/],
    ['ps', /"goqemu status"/],
    ['shell', /"goqemu ssh MACHINE"/],
    ['pull', /"goqemu image pull IMAGE"/],
  ] as const)
    assert.throws(
      () => chooseCommand([word, 'web'], commands, globalOptions),
      (error: { code: string; message: string; hint: string }) =>
        error.code === 'usage' && error.message.includes(`"${word}"`) && here.test(error.hint),
    );
});

test('every command that such an answer names is a command line that goqemu takes', () => {
  const lines = otherWordHints.flatMap((hint) => [...hint.matchAll(/"goqemu ([^"]+)"/g)].map(([, line = '']) => line));
  assert.ok(lines.length > 20);
  for (const line of lines.filter((one) => one !== '--version')) {
    const chosen = chooseCommand(line.split(' '), commands, globalOptions) ?? assert.fail(line);
    parseArguments(chosen.spec, chosen.words, globalOptions);
  }
});

test('a word has one answer, and no command of goqemu has its name', () => {
  assert.deepEqual(
    otherWords.filter((word, index) => otherWords.indexOf(word) !== index),
    [],
  );
  for (const { name } of commands) assert.equal(otherWord(name), undefined, name);
});
