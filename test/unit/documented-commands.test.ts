import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { globalOptions } from '../../packages/goqemu/src/arguments/global-options.ts';
import { chooseCommand, parseArguments } from '../../packages/goqemu/src/arguments/parse-arguments.ts';
import { commands } from '../../packages/goqemu/src/commands/command-table.ts';

const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name));

/** The words of each `goqemu …` in a line of a shell, up to what the shell itself reads: a pipe, a redirection, a comment. */
function goqemuCalls(line: string): string[][] {
  const calls: string[][] = [];
  const code = line.replace(/(?:^|\s)#.*/, '');
  for (const { index } of code.matchAll(/(?<=^|[\s(])(?:npx )?goqemu (?=[a-z-])/g)) {
    const words: string[] = [];
    for (const [word] of code.slice(index).matchAll(/'[^']*'|"[^"]*"|[;|)>&]|<(?= )|[^\s;|)>&]+/g)) {
      if (/^[;|)>&<]/.test(word)) break;
      words.push(word.replaceAll(/^['"]|['"]$/g, ''));
    }
    calls.push(words.slice(words[0] === 'npx' ? 2 : 1));
  }
  return calls;
}

test('every goqemu command in a block of a page is one that there is, with its own options', () => {
  let count = 0;
  for (const page of ['README.md', 'CONTRIBUTING.md', ...pages])
    for (const [, code = ''] of readFileSync(page, 'utf8').matchAll(/^ *```(?:sh|powershell|yaml)\n(.*?)^ *```$/gms))
      for (const line of code.split('\n'))
        for (const words of goqemuCalls(line)) {
          count++;
          if (words[0]?.startsWith('--')) continue;
          assert.doesNotThrow(() => {
            const chosen = chooseCommand(words, commands, globalOptions);
            if (chosen) parseArguments(chosen.spec, chosen.words, globalOptions);
          }, `${page}: ${line}`);
        }
  assert.ok(count > 100, `${count} commands`);
});

test('every goqemu command in the middle of a sentence or in a table is one that there is', () => {
  let count = 0;
  for (const page of ['README.md', 'CONTRIBUTING.md', ...pages]) {
    const text = readFileSync(page, 'utf8').replaceAll(/^ *```.*?^ *```$/gms, '');
    for (const [span, line = ''] of text.matchAll(/`((?:npx )?goqemu [a-z][^`]*)`/g)) {
      count++;
      const [words = []] = goqemuCalls(line);
      // Of a command that is named without its arguments only the name can be looked up.
      const isGroup = commands.some(({ name }) => name.startsWith(`${words.join(' ')} `));
      assert.ok(isGroup || isCommand(words), `${page}: ${span}`);
    }
  }
  assert.ok(count > 200, `${count} commands`);
});

function isCommand(words: readonly string[]): boolean {
  const named = words.filter((word) => word !== '…');
  try {
    return chooseCommand(named, commands, globalOptions) !== undefined;
  } catch {
    return false;
  }
}

test('what a shell reads is no word of the command', () => {
  assert.deepEqual(goqemuCalls(`curl "$(npx goqemu output url --raw)" # goqemu`), [['output', 'url', '--raw']]);
  assert.deepEqual(goqemuCalls(`goqemu ssh-config > lab.ssh && ssh -F lab.ssh hello-web`), [['ssh-config']]);
  assert.deepEqual(goqemuCalls(`goqemu exec web sh -c 'echo $HOME'`), [['exec', 'web', 'sh', '-c', 'echo $HOME']]);
});
