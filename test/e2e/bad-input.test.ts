import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { dirname } from 'node:path';
import { before, describe, test } from 'node:test';
import { ImageServer } from 'goqemu/testing';
import { type CommandRun, runCommand } from '../run-command.ts';
import { goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

let tiny = '';
before(async () => {
  tiny = await tinyImage();
});

const labOf = (body: string, name = 'bad') =>
  `import { defineLab } from 'goqemu';\nexport default defineLab({ name: ${JSON.stringify(name)} }, (lab) => {\n${body}\n});\n`;
const vm = (options: string) =>
  `lab.vm('box', { image: ${JSON.stringify(tiny)}, user: 'debian', memory: '256 MiB', cpus: 1, ${options} })`;

/** Plans a lab that is wrong. */
async function planOf(source: string): Promise<CommandRun> {
  await using folder = await LabFolder.make(source);
  const run = await folder.run(['plan']);
  await folder.write(labOf('')); // so that the clean-up has a lab to read
  return run;
}

describe('a lab that is wrong is refused with its place and what to do', () => {
  const cases: readonly (readonly [what: string, source: () => string, code: number, ...words: RegExp[]])[] = [
    ['a syntax error', () => labOf("lab.vm('box', {").replace('\n});\n', '\n'), 65, /lab\.ts:\d+/, /\^/],
    ['a thrown error', () => labOf("throw new Error('no idea');"), 65, /no idea/, /lab\.ts:3/],
    ['an await that never ends', () => `await new Promise(() => {});\n${labOf('')}`, 65, /never comes/, /lab\.ts/],
    ['a wrong default export', () => 'export default 42;\n', 65, /lab\.ts/, /defineLab/],
    ['no default export', () => 'export const lab = 1;\n', 65, /lab\.ts/, /default/],
    ['a duplicate name', () => labOf("lab.vm('a'); lab.vm('a');"), 65, /"a"/, /lab\.ts:3/],
    ['an unknown image', () => labOf("lab.vm('a', { image: 'debain-12' });"), 65, /debain-12/, /debian-12/],
    ['a negative size', () => labOf("lab.vm('a', { memory: -1 });"), 65, /memory/, /lab\.ts:3/],
    ['a size without sense', () => labOf("lab.vm('a', { memory: 'lots' as never });"), 65, /memory/, /lots/],
    ['a name that is a path', () => labOf("lab.vm('../x');"), 65, /\.\.\/x/, /lab\.ts:3/],
    ['a lab with a name that is a path', () => labOf('', '../../etc'), 65, /etc/],
    ['an upload that is not there', () => labOf(`${vm('')}.upload('u', './gone', '/srv/x');`), 65, /gone/],
  ];
  for (const [what, source, code, ...words] of cases) {
    test(what, async () => {
      const run = await planOf(source());
      assert.equal(run.code, code, run.stderr);
      for (const word of words) assert.match(run.stderr, word);
      assert.doesNotMatch(run.stderr, /\n\s+at .*\(.*:\d+:\d+\)/, 'no stack without --debug');
      assert.equal(run.stdout, '');
    });
  }

  test('no lab at all', async () => {
    await using folder = await LabFolder.make(labOf(''));
    const run = await folder.run(['plan', 'elsewhere.ts']);
    assert.equal(run.code, 65);
    assert.match(run.stderr, /elsewhere\.ts/);
  });
});

describe('a host or a publisher that does not play along ends in a clear error', () => {
  test('QEMU is missing', async () => {
    await using folder = await LabFolder.make(labOf(vm('')));
    // A mount namespace hides the real one; nothing else on the host notices.
    const script = 'mount --bind /dev/null /usr/bin/qemu-system-x86_64 && exec "$0" "$@"';
    const run = await runCommand(
      'unshare',
      ['-m', 'sh', '-c', script, process.execPath, goqemuCommand, 'apply', '--yes'],
      {
        cwd: folder.path,
        env: { ...folder.env, GOQEMU_HOME: folder.file('home') },
      },
    );
    assert.notEqual(run.code, 0);
    assert.match(run.stderr, /QEMU/);
    assert.match(run.stderr, /apt-get install|install/);
  });

  test('a port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await using folder = await LabFolder.make(labOf(vm(`forward: { web: { guest: 80, host: ${port} } }`)));
      const run = await folder.run(['apply', '--yes']);
      assert.equal(run.code, 1, run.stderr);
      assert.match(run.stderr, new RegExp(`${port}`));
      assert.equal((await folder.json<{ machines: unknown[] }>('status')).machines.length, 0);
    } finally {
      server.close();
    }
  });

  test('a download is cut short, or is another file than its publisher says', async () => {
    const bytes = await readFile(tiny);
    await using server = await ImageServer.start({ '/whole.qcow2': bytes, '/cut.qcow2': bytes });
    server.behave('/cut.qcow2', { cuts: Array.from({ length: 50 }, () => 1_000_000), ranges: false });
    const wrong = `${server.url('/whole.qcow2')}#sha256=${'0'.repeat(64)}`;
    await using folder = await LabFolder.make(
      labOf(`lab.vm('box', { image: ${JSON.stringify(wrong)}, memory: '256 MiB' });`),
    );
    const home = { GOQEMU_HOME: folder.file('home') };
    const mismatch = await folder.run(['apply', '--yes'], { env: home });
    assert.equal(mismatch.code, 1, mismatch.stderr);
    assert.match(mismatch.stderr, /checksum|digest/i);

    const truncated = await folder.run(['image', 'pull', server.url('/cut.qcow2')], { env: home });
    assert.equal(truncated.code, 1, truncated.stderr);
    assert.match(truncated.stderr, /cut\.qcow2/);
    const images = await readdir(folder.file('home/img')).catch(() => []);
    assert.deepEqual(
      images.filter((name) => name.endsWith('.qcow2')),
      [],
    );
  });

  test('the disk is full', async () => {
    await using folder = await LabFolder.make(labOf(vm('')));
    await mkdir(folder.file('small'));
    const script = 'mount -t tmpfs -o size=4m none "$GOQEMU_HOME" && exec "$0" "$@"';
    const run = await runCommand(
      'unshare',
      ['-m', 'sh', '-c', script, process.execPath, goqemuCommand, 'apply', '--yes'],
      {
        cwd: folder.path,
        env: { GOQEMU_HOME: folder.file('small') },
      },
    );
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stderr, /room|space|full/i);
  });
});

describe('a state that cannot be read costs nothing', () => {
  test('a state file that is not JSON is an error that names it, and is left as it is', async () => {
    await using folder = await LabFolder.make(labOf(''));
    const state = folder.file('.goqemu/bad/default/state.json');
    await mkdir(dirname(state), { recursive: true });
    await writeFile(state, '{ not json');
    const run = await folder.run(['plan']);
    assert.equal(run.code, 65, run.stderr);
    assert.match(run.stderr, /state\.json/);
    assert.equal(await readFile(state, 'utf8'), '{ not json');
    await writeFile(state, '');
    assert.equal((await folder.run(['apply', '--yes'])).code, 65);
    await rm(state);
  });
});
