import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { commands } from '../commands/command-table.ts';
import { labOf, TestLab } from '../shell/fixture/test-lab.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

const lab = new TestLab(
  `${labOf('web', ['web', 'db'])}`.replace(
    "lab.vm('web'",
    "lab.template('base', { memory: '1 GiB' }).run('all', 'true').checkpoint('installed');\n  lab.vm('web'",
  ),
);
const inLab = { cwd: lab.folder };

/** The command line from its source, as the shells call it. */
const program = lab.file('goqemu');
const inPath = {
  ...inLab,
  encoding: 'utf8',
  env: { ...process.env, PATH: `${lab.folder}:${process.env.PATH}` },
  timeout: 60_000,
} as const;
const cli = new URL('../cli.ts', import.meta.url);

before(async () => {
  mkdirSync(lab.file('site'));
  writeFileSync(lab.file('web-notes'), '');
  const main = join(lab.base, 'main.mjs');
  writeFileSync(main, `import { main } from ${JSON.stringify(cli.href)};\nawait main();\n`);
  writeFileSync(
    program,
    `#!/bin/sh\nTSX_TSCONFIG_PATH='${resolve('tsconfig.json')}' exec '${process.execPath}' --import '${import.meta.resolve('tsx')}' '${main}' "$@"\n`,
    { mode: 0o755 },
  );
  for (const words of [
    ['apply', '--yes'],
    ['checkpoint', 'create', 'before upgrade', '--vm', 'web'],
    ['checkpoint', 'fork', 'ready', '--name', 'trial'],
  ]) {
    const { code, stderr } = await lab.run(words);
    assert.equal(code, 0, stderr);
  }
});
after(() => lab[Symbol.dispose]());

/** What bash would put in for these words, the last of which is being typed. */
function offered(...words: string[]): string[] {
  const script = `${bashCompletion(commands)}
compopt() { printf 'compopt %s %s\\n' "$@"; }
COMP_WORDS=(${[program, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}); COMP_CWORD=${words.length}
_goqemu; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', ...inLab })
    .split('\n')
    .filter(Boolean);
}

test('bash completes commands, second words, options and choices', () => {
  assert.deepEqual(offered('pl'), ['plan']);
  assert.deepEqual(offered('checkpoint', 're'), ['restore']);
  assert.deepEqual(offered('plan', '--det'), ['--detailed-exitcode']);
  assert.deepEqual(offered('checkpoint', 'create', '--v'), ['--vm', '--version', '--verbose']);
  assert.deepEqual(offered('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(offered('graph', '--format', 's'), ['svg']);
  assert.deepEqual(offered('exec', 'web', '--', 'l'), []);
});

test('bash completes machines, templates, stacks and checkpoints that the state knows', () => {
  assert.deepEqual(offered('exec', ''), ['web', 'db']);
  assert.deepEqual(offered('exec', 'web', ''), ['db']);
  assert.deepEqual(offered('apply', '--target', ''), ['web', 'db', 'base']);
  assert.deepEqual(offered('checkpoint', 'create', 'x', '--vm', '=', 'd'), ['db']);
  assert.deepEqual(offered('ssh', '-s', ''), ['default', 'trial']);
  assert.deepEqual(offered('checkpoint', 'restore', 'bef'), ['before\\ upgrade']);
  assert.deepEqual(offered('checkpoint', 'restore', 'before\\ u'), ['before\\ upgrade']);
  assert.deepEqual(offered('checkpoint', 'restore', "'before u"), ['before upgrade']);
  const [, ...ids] = offered('checkpoint', 'fork', '').filter((word) => !word.startsWith('before'));
  assert.equal(ids.length, 2);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}$/);
  assert.deepEqual(offered('exec', '-l', 'gone.ts', ''), []);
});

test('bash completes the names of the lab and the stack that were named', () => {
  const outside = lab.base;
  const at = (...words: string[]) =>
    execFileSync(program, ['__complete', '--', ...words], { cwd: outside, encoding: 'utf8' });
  assert.equal(at('exec', ''), 'words\n');
  assert.equal(at('exec', '-l', 'lab/lab.ts', ''), 'words\nweb\tmachine\ndb\tmachine\n');
  assert.equal(at('exec', '--lab=lab', '--stack', 'trial', 'd'), 'words\nweb\tmachine\ndb\tmachine\n');
  assert.equal(at('exec', '--lab=lab', '--stack', 'none', ''), 'words\n');
  assert.equal(at('status', 'lab', '--stack', ''), 'words\ndefault\tstack\ntrial\tstack\n');
});

test('bash completes both sides of a copy, and files where a command takes one', () => {
  assert.deepEqual(offered('cp', 'w'), ['web:', 'web-notes']);
  assert.deepEqual(offered('cp', './si'), ['compopt -o default']);
  assert.deepEqual(offered('cp', 'web', ':', '/e'), []);
  assert.deepEqual(offered('cp', './site', 'd'), ['compopt -o nospace', 'db:']);
  assert.deepEqual(offered('plan', '--out', ''), ['compopt -o default']);
  assert.deepEqual(offered('init', ''), ['compopt -o plusdirs']);
});

/** Shells that are tried where they are installed; bash is everywhere. */
function installed(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0;
}

if (installed('fish'))
  test('fish completes commands, options, names and files', () => {
    const script = lab.file('goqemu.fish');
    writeFileSync(script, fishCompletion(commands));
    const offers = (line: string) =>
      execFileSync('fish', ['--no-config', '-c', `source ${script}; complete -C 'goqemu ${line}'`], inPath)
        .split('\n')
        .filter(Boolean)
        .map((one) => one.split('\t')[0]);
    assert.deepEqual(offers('pl'), ['plan']);
    assert.deepEqual(offers('checkpoint rest'), ['restore']);
    assert.deepEqual(offers('exec '), ['db', 'web']);
    assert.deepEqual(offers('exec web '), ['db']);
    assert.deepEqual(offers('apply --target b'), ['base']);
    assert.deepEqual(offers('checkpoint restore bef'), ['before upgrade']);
    assert.deepEqual(offers('graph --format s'), ['svg']);
    assert.deepEqual(offers('cp web'), ['web:', 'web-notes']);
    assert.deepEqual(offers('exec --vm'), []);
  });

if (installed('zsh'))
  test('zsh completes commands, options, names and files', () => {
    assert.deepEqual(zshOffers('checkpoint rest'), ['restore']);
    assert.deepEqual(zshOffers('exec '), ['db', 'web']);
    assert.deepEqual(zshOffers('exec web '), ['db']);
    assert.deepEqual(zshOffers('apply --target '), ['base', 'db', 'web']);
    assert.deepEqual(zshOffers('apply --target=b'), ['base']);
    assert.deepEqual(zshOffers('checkpoint restore bef'), ['before\\ upgrade']);
    assert.deepEqual(zshOffers('completion '), ['bash', 'fish', 'zsh']);
    assert.deepEqual(zshOffers('cp web'), ['web-notes', 'web:']);
    assert.deepEqual(zshOffers('plan --out web'), ['web-notes']);
  });

/**
 * What zsh would offer at the end of a line: a real interactive zsh on a pseudo-terminal (zpty in zshmodules(1)), where
 * every candidate goes through a compadd that writes them down.
 */
function zshOffers(line: string): string[] {
  writeFileSync(lab.file('_goqemu'), zshCompletion(commands));
  writeFileSync(lab.file('offers'), '');
  writeFileSync(
    lab.file('.zshrc'),
    `PROMPT= RPROMPT= PS2=
autoload -Uz compinit; compinit -u -D
source ./_goqemu
compadd() {
  local -a found
  if [[ " \${(pj: :)@} " == *' -'[OAD]' '* ]]; then builtin compadd "$@"; return; fi
  builtin compadd -A found "$@"
  (( $#found )) && print -rl -- "<"$^found">" >> offers
  builtin compadd "$@"
}
finish() { print -r -- done >> offers }
zle -N finish; bindkey '^X' finish
print ready
`,
  );
  const driver = `zmodload zsh/zpty
zpty z zsh -d -i
zpty -r z seen '*ready*'
zpty -w -n z $'goqemu ${line}\\t\\C-x'
until [[ $(tail -n 1 offers) == done ]]; do zpty -r -t z seen; sleep 0.05; done
zpty -d z`;
  execFileSync('zsh', ['-f', '-c', driver], { ...inPath, env: { ...inPath.env, ZDOTDIR: lab.folder } });
  const text = readFileSync(lab.file('offers'), 'utf8');
  return [...new Set([...text.matchAll(/^<(.*)>$/gm)].map((match) => match[1] ?? ''))].sort();
}

test('asking for names writes nothing, takes no lock and never complains', () => {
  const answer = (folder: string, ...words: string[]) => {
    const { stdout, stderr, status } = spawnSync(program, ['__complete', ...words], { cwd: folder, encoding: 'utf8' });
    return { stdout, stderr, status };
  };
  const nothing = { stdout: 'words\n', stderr: '', status: 0 };
  assert.deepEqual(answer(lab.base, '--', 'exec', ''), nothing);
  assert.deepEqual(answer(lab.folder, '--', 'no-such-command', ''), nothing);
  assert.deepEqual(answer(lab.folder), nothing);
  writeFileSync(lab.file('.goqemu/web/default/state.json'), '{');
  writeFileSync(lab.file('.goqemu/web/default/state.before.json'), '{');
  assert.deepEqual(answer(lab.folder, '--', 'exec', ''), nothing);
});

test('every command is in the scripts of all shells', () => {
  for (const script of [bashCompletion(commands), zshCompletion(commands), fishCompletion(commands)])
    for (const { name } of commands) assert.ok(script.includes(name.split(' ').at(-1) ?? ''), name);
});
