import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostileWord } from '../quoting/hostile-word.fixture.ts';
import type { Command, CommandOptions } from './command-options.ts';
import { remoteCommand } from './remote-command.ts';
import { StartAnnouncement } from './start-announcement.ts';

/** tcsh (Debian's package tcsh) and fish read quotes otherwise than a POSIX shell. */
const loginShells = ['/bin/sh', '/bin/bash', '/bin/tcsh', '/usr/bin/fish'];

interface Received {
  readonly input?: string;
  /** Bytes after which what is sent ends. */
  readonly cut?: number;
  readonly shell?: string;
}

/** What a server does with a request: its user's login shell gets it, and then the bytes. */
function serve(
  command: Command,
  options: CommandOptions = {},
  { input = '', cut = Number.POSITIVE_INFINITY, shell = '/bin/sh' }: Received = {},
) {
  const remote = remoteCommand(command, options, 'debian');
  const sent = Buffer.from(remote.preamble + input).subarray(0, cut);
  const run = spawnSync(shell, ['-c', remote.request], { input: sent });
  const stdout = new StartAnnouncement(remote.nonce).push(run.stdout);
  return { remote, status: run.status, stdout: stdout.toString('utf8'), stderr: run.stderr.toString('utf8') };
}

test('words, environment and input reach a program unchanged, whatever they hold', () => {
  fc.assert(
    fc.property(
      fc.array(hostileWord, { maxLength: 8 }),
      hostileWord,
      hostileWord,
      fc.constantFrom(...loginShells),
      (words, value, input, shell) => {
        const program = ['sh', '-c', 'printf "%s\\0" "$VALUE" "$@"; cat', 'sh', ...words];
        const { stdout } = serve(program, { environment: { VALUE: value } }, { input, shell });
        assert.equal(stdout, `${[value, ...words].map((text) => `${text}\0`).join('')}${input}`);
      },
    ),
    { numRuns: 60 },
  );
});

test('a script may hold any text, long or short, and leaves the input to its commands', () => {
  for (const filler of ['', '# Ёлки “x” \x01 \x7f\n'.repeat(20), '# Ёлки “x” \x01 \x7f\n'.repeat(20_000)])
    for (const interpreter of [undefined, 'sh -e', 'bash', ['perl', '-x']] as const) {
      const body = `${filler}printf '%s' 'Ё'"'"; read -r line; echo "$line"; cat`;
      const script = Array.isArray(interpreter) ? '#!perl\nprint "Ё\'"; $_ = <STDIN>; print; print <STDIN>;' : body;
      const { stdout, status, stderr } = serve(script, interpreter ? { interpreter } : {}, { input: 'one\ntwo\n' });
      assert.equal(stdout, "Ё'one\ntwo\n", stderr);
      assert.equal(status, 0);
    }
});

test('a script that arrives cut short never runs', () => {
  for (const filler of ['', '# filler\n'.repeat(1000)]) {
    const script = `echo ran\n${filler}echo ran`;
    const { preamble } = remoteCommand(script, {}, 'debian');
    for (const cut of [0, 1, 9, 10, preamble.length - 34, preamble.length - 2]) {
      const { stdout, status } = serve(script, {}, { cut });
      assert.equal(stdout, '', `cut at ${cut}`);
      assert.equal(status, 255);
    }
  }
});

test('the exit code is the script’s, and its variables and arguments begin empty', () => {
  const { status, stdout } = serve('echo "$#"; set | grep ^goqemu; exit 7');
  assert.equal(stdout, '0\n');
  assert.equal(status, 7);
});

test('neither script nor environment appear in what the login shell is given', () => {
  const { request } = remoteCommand('echo s3cret-script', { environment: { TOKEN: 's3cret-value' } }, 'debian');
  assert.doesNotMatch(request, /s3cret/);
});

test('the start is announced once, with the process group, before anything else', () => {
  const { remote, stderr } = serve('echo error >&2');
  assert.match(stderr, new RegExp(`^${remote.nonce}\\.\\d+\\.\\d+\\.error\n$`));
});

test('a missing working directory stops the command', () => {
  const { status, stdout } = serve('echo ran', { workingDirectory: '/does/not exist' });
  assert.equal(stdout, '');
  assert.equal(status, 1);
});

test('names that a shell would read as code are refused', () => {
  assert.throws(() => remoteCommand('x', { environment: { 'A;id': '' } }, 'debian'), {
    code: 'environment-name-invalid',
  });
  assert.throws(() => remoteCommand('x', { user: '$(id)' }, 'debian'), { code: 'user-name-invalid' });
  assert.throws(() => remoteCommand('x', { user: '-u' }, 'debian'), { code: 'user-name-invalid' });
  assert.throws(() => remoteCommand('a\0b', {}, 'debian'), { code: 'text-has-nul' });
  assert.throws(() => remoteCommand([], {}, 'debian'), { code: 'command-empty' });
  assert.throws(() => remoteCommand('x'.repeat(200_000), { pty: true }, 'debian'), { code: 'command-too-long' });
});

test('on a terminal a script reaches /bin/sh whole from every login shell', () => {
  for (const shell of loginShells) {
    const script = `printf '%s|' "it's" 'a\\\\b' '!x' '@n' '
'`;
    const { stdout } = serve(script, { pty: true }, { shell });
    assert.equal(stdout, "it's|a\\\\b|!x|@n|\n|", shell);
  }
});
