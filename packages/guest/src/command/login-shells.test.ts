import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { channelSession, startFarEnd } from '../far-end/far-end.fixture.ts';
import { realGuest } from '../session/session.fixture.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-login-shell-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What sshd does for a user with this login shell: it hands the request to it. */
const through = (shell: string) => [`ForceCommand exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`];

for (const shell of ['/bin/tcsh', '/usr/bin/fish'])
  test(`behind ${shell}, commands, words, terminals and files come through whole, and a time-out ends the command`, async () => {
    await using guest = await realGuest({}, through(shell));
    const { session } = guest;
    const words = ["it's", 'a\\\\b', '!x !', '$HOME', '`id`', 'two\nlines', '@n', '*', ''];
    const { stdout } = await session.exec(['printf', '<%s>', ...words]);
    assert.equal(stdout, words.map((word) => `<${word}>`).join(''));
    assert.equal((await session.exec('for i in 1 2\ndo echo "$i\\\\"\ndone')).stdout, '1\\\n2\\\n');
    assert.match((await session.exec("printf '%s!' 'a\nb'", { pty: true })).stdout, /a\r\nb!/);
    await using program = await session.shell({ command: ['printf', '<%s>', ...words], terminal: false });
    let said = '';
    for await (const chunk of program.stdout) said += String(chunk);
    assert.equal(said, stdout);
    await session.writeFile(join(folder, "it's !"), 'x');
    assert.equal(await readFile(join(folder, "it's !"), 'utf8'), 'x');
    const marker = `sleep 31.${Date.now() % 1e6}`;
    await assert.rejects(session.exec(`${marker}; true`, { timeoutMs: 1500 }), { code: 'timeout' });
    assert.equal((await session.exec(['pgrep', '-fx', marker])).stdout, '');
  });

test('what a login shell prints before the command is in no output, and files go up and down all the same', async () => {
  const noisy = (rest: string) => [`ForceCommand echo Welcome to the lab; echo noise >&2; exec ${rest}`];
  await using guest = await realGuest({}, noisy('/bin/sh -c "$SSH_ORIGINAL_COMMAND"'));
  const { session } = guest;
  const { stdout, stderr } = await session.exec('echo token123; echo err >&2');
  assert.deepEqual([stdout, stderr], ['token123\n', 'err\n']);
  let streamed = '';
  for await (const { data } of session.stream('echo streamed')) streamed += data.toString();
  assert.equal(streamed, 'streamed\n');
  const source = join(folder, 'conf');
  await writeFile(source, 'content');
  await using files = await realGuest({}, noisy('/usr/lib/openssh/sftp-server'));
  await files.session.upload(source, join(folder, 'up'));
  await files.session.download(join(folder, 'up'), join(folder, 'down'));
  assert.equal(await readFile(join(folder, 'down'), 'utf8'), 'content');
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('.goqemu')),
    [],
  );
});

test('what a start file prints is in no output of the channel, of a script or of a program; one that hangs is ended', async () => {
  const shell = join(folder, 'noisy-shell');
  await writeFile(
    shell,
    `#!/bin/sh
rm ${folder}/hang 2> /dev/null && sleep 32.5
echo Welcome to the lab; echo noise >&2; exec /bin/sh "$@"
`,
    { mode: 0o755 },
  );
  await using session = await channelSession(() => startFarEnd(shell));
  for (const command of ['echo token123; ls /gone', ['sh', '-c', 'echo token123; ls /gone', 'x']]) {
    const { stdout, stderr } = await session.exec(command);
    assert.equal(stdout, 'token123\n');
    assert.match(stderr, /^ls: [^\n]*\n$/);
  }
  const { exitCode, stdout } = await session.exec(['printf', '<%s>', "it's", '$HOME', '', 'a b', '*', '@n', '!']);
  assert.deepEqual([exitCode, stdout], [0, "<it's><$HOME><><a b><*><@n><!>"]);
  assert.equal((await session.exec(['no-such-program'])).exitCode, 127);
  await writeFile(join(folder, 'hang'), '');
  await assert.rejects(session.exec(['true'], { timeoutMs: 1500 }), { code: 'timeout' });
  assert.equal((await session.exec(['pgrep', '-fx', 'sleep 32.5'])).stdout, '');
});

test('a login shell that admits no one is quoted', async () => {
  await using guest = await realGuest({}, ['ForceCommand echo This account is currently not available.; exit 1']);
  await assert.rejects(guest.session.exec('true'), {
    code: 'command-not-started',
    detail: 'This account is currently not available.',
  });
});
