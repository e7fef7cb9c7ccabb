import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { installedPackage, labsFolder } from '../installed-package.ts';

const base = mkdtempSync(join(labsFolder(), 'completion-'));
const lab = { base, folder: join(base, 'lab'), file: (name: string) => join(base, 'lab', name) };
const source = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'web' }, (lab) => {
  lab.template('base', { memory: '1 GiB' }).run('all', 'true').checkpoint('installed');
  lab.vm('web', { memory: '1 GiB' }).run('step', 'echo hello').checkpoint('ready');
  lab.vm('db', { memory: '1 GiB' }).run('step', 'echo hello').checkpoint('ready');
});
`;

/** The command as npm links it, as the shells call it, and no start files of the user who runs the tests. */
const program = installedPackage.bin;
const env = {
  ...process.env,
  HOME: installedPackage.home,
  GOQEMU_HOME: join(base, 'home'),
  GOQEMU_BACKEND: 'fake',
  PATH: `${dirname(program)}:${process.env.PATH}`,
};
const inLab = { cwd: lab.folder, env, encoding: 'utf8', timeout: 60_000 } as const;
const goqemu = (...words: string[]) => execFileSync(program, words, { ...inLab, stdio: ['ignore', 'pipe', 'pipe'] });
const script = (shell: string) => goqemu('completion', shell);

before(() => {
  mkdirSync(lab.file('site'), { recursive: true });
  writeFileSync(lab.file('web-notes'), '');
  writeFileSync(lab.file('lab.ts'), source);
  goqemu('apply', '--yes');
  goqemu('checkpoint', 'create', 'before upgrade', '--vm', 'web');
  goqemu('checkpoint', 'fork', 'ready', '--name', 'trial');
});
after(() => rmSync(base, { recursive: true, force: true }));

let bash: string | undefined;

/** What bash would put in for these words, the last of which is being typed. */
function offered(...words: string[]): string[] {
  bash ??= script('bash');
  const typed = `${bash}
compopt() { printf 'compopt %s %s\\n' "$@"; }
COMP_WORDS=(${[program, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}); COMP_CWORD=${words.length}
_goqemu; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', typed], inLab).split('\n').filter(Boolean);
}

test('bash completes commands, second words, options and choices', () => {
  assert.deepEqual(offered('pl'), ['plan']);
  assert.deepEqual(offered('checkpoint', 're'), ['restore']);
  assert.deepEqual(offered('plan', '--det'), ['--detailed-exitcode']);
  assert.deepEqual(offered('checkpoint', 'create', '--v'), ['--vm', '--version', '--verbose']);
  assert.deepEqual(offered('completion', ''), ['bash', 'zsh', 'fish', 'powershell']);
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
  const at = (...words: string[]) => execFileSync(program, ['__complete', '--', ...words], { ...inLab, cwd: outside });
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
    const file = lab.file('goqemu.fish');
    writeFileSync(file, script('fish'));
    const offers = (line: string) =>
      execFileSync('fish', ['--no-config', '-c', `source ${file}; complete -C 'goqemu ${line}'`], inLab)
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
    assert.deepEqual(zshOffers('completion '), ['bash', 'fish', 'powershell', 'zsh']);
    assert.deepEqual(zshOffers('cp web'), ['web-notes', 'web:']);
    assert.deepEqual(zshOffers('plan --out web'), ['web-notes']);
  });

/**
 * What zsh would offer at the end of a line: a real interactive zsh on a pseudo-terminal (zpty in zshmodules(1)), where
 * every candidate goes through a compadd that writes them down.
 */
function zshOffers(line: string): string[] {
  writeFileSync(lab.file('_goqemu'), script('zsh'));
  writeFileSync(lab.file('offers'), '');
  writeFileSync(
    lab.file('.zshrc'),
    `PROMPT= RPROMPT= PS2=
autoload -Uz compinit; compinit -u -d ../zcompdump
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
  execFileSync('zsh', ['-f', '-c', driver], { ...inLab, env: { ...env, ZDOTDIR: lab.folder } });
  const text = readFileSync(lab.file('offers'), 'utf8');
  return [...new Set([...text.matchAll(/^<(.*)>$/gm)].map((match) => match[1] ?? ''))].sort();
}

test('asking for names writes nothing, takes no lock and never complains', () => {
  const answer = (folder: string, ...words: string[]) => {
    const { stdout, stderr, status } = spawnSync(program, ['__complete', ...words], { ...inLab, cwd: folder });
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
