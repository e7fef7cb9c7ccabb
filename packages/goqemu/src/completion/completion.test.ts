import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../commands/command-table.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

test('every command is in the scripts of all shells', () => {
  for (const script of [bashCompletion(commands), zshCompletion(commands), fishCompletion(commands)])
    for (const { name } of commands) assert.ok(script.includes(name.split(' ').at(-1) ?? ''), name);
});
