import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../commands/command-table.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { powershellCompletion } from './powershell.ts';
import { zshCompletion } from './zsh.ts';

const writers = [bashCompletion, zshCompletion, fishCompletion, powershellCompletion];

test('every command is in the scripts of all shells', () => {
  for (const script of writers.map((write) => write(commands)))
    for (const { name } of commands) assert.ok(script.includes(name.split(' ').at(-1) ?? ''), name);
});
