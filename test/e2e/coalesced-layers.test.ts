import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../run-command.ts';
import { OwnHome } from './host-traces.ts';
import { goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

/** Layers of steps that the lab keeps. */
const perMachine = 3;

describe('a machine with many short steps', () => {
  let home: OwnHome;
  let folder: LabFolder;
  let image = '';
  const words = ['one', 'two', 'three', 'four', 'five', 'six'];

  before(async () => {
    image = await tinyImage();
    home = await OwnHome.make();
    folder = await LabFolder.make("export { default } from 'goqemu';", home.env);
  });
  after(async () => {
    await folder[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  /** Each step adds its word to one file and writes another of its own. */
  async function write(): Promise<void> {
    const steps = words.map(
      (word, index) =>
        `.run('s${index}', 'echo ${word} >> /root/words; head -c 200000 /dev/urandom > /root/s${index}; sha256sum /root/s${index} >> /root/sums')`,
    );
    await folder.write(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'short', layers: { perMachine: ${perMachine} } }, (lab) => {
  lab.vm('web', { image: ${JSON.stringify(image)}, user: 'debian', accelerator: 'tcg', memory: '256 MiB', cpus: 1 })
    ${steps.join('\n    ')};
});
`);
  }

  /** What the guest reads from its disk, and not from its memory. */
  async function checkGuest(): Promise<void> {
    const script = 'echo 3 > /proc/sys/vm/drop_caches; sha256sum -c /root/sums > /dev/null && cat /root/words';
    const { stdout } = await folder.ok('exec', 'web', '--', 'sudo', 'sh', '-c', script);
    assert.deepEqual(stdout.trim().split('\n'), words);
  }

  async function state() {
    return JSON.parse(await readFile(folder.file('.goqemu/short/default/state.json'), 'utf8')) as {
      resources: { machine: { web: { applied: { key: string }[] } } };
      layers: Record<string, { bytes: number } | undefined>;
    };
  }

  /** As many layers to go back to as the lab wants; the machine's disk stands on no others, and nothing is half-done. */
  async function checkLayers(said = ''): Promise<void> {
    const files = await home.files('snapshots');
    assert.deepEqual(
      files.filter((file) => /rebasing-/.test(file)),
      [],
    );
    const whole = new Set(files.filter((file) => file.endsWith('/manifest.json')).map((file) => file.split('/')[0]));
    const { resources } = await state();
    const layers = resources.machine.web.applied.map(({ key }) => key.slice(0, 12)).filter((id) => whole.has(id));
    assert.equal(layers.length, perMachine + 1, `those of steps, and the first: ${layers.join(', ')}\n${said}`);
    const [disk = ''] = (await home.files('labs')).filter((file) => /\bdisk-\d+\.qcow2$/.test(file));
    const info = await runCommand('qemu-img', [
      'info',
      '-U',
      '--backing-chain',
      '--output=json',
      join(home.path, 'labs', disk),
    ]);
    const chain = (JSON.parse(info.stdout) as { filename: string }[]).map(({ filename }) => filename);
    // A layer that was booted from has two disks, one on the other.
    const below = new Set(chain.filter((file) => file.includes('/snapshots/')).map((file) => basename(dirname(file))));
    assert.ok(below.size > 0 && below.size <= layers.length, [...below].join('\n'));
    for (const id of below) assert.ok(layers.includes(id), `${id} is no layer`);
  }

  async function planned(): Promise<readonly string[]> {
    const { operations } = await folder.json<{
      operations: { action: string; resource: string; reason: string }[];
    }>('plan');
    return operations.map(({ action, resource, reason }) => `${action} ${resource}: ${reason}`);
  }

  test('keeps a shallow chain, and its guest reads what it wrote', async () => {
    await write();
    const { stderr } = await folder.ok('apply', '--yes');
    assert.match(stderr, /3 layers were coalesced with those above/);
    await checkLayers();
    await checkGuest();
    assert.deepEqual(await planned(), []);
  });

  test('goes back, when an early step changes, as far as the plan says, and ends in what the lab says', async () => {
    words[5] = 'SIX';
    await write();
    assert.match((await planned())[0] ?? '', /^restore web: roll back to the layer after "s4", run 1 step again/);
    await folder.ok('apply', '--yes');
    words[2] = 'THREE';
    await write();
    const [first = '', ...runs] = await planned();
    const below =
      /^restore web: roll back(?: to|: boots from) the layer (?:after "s(\d)"|before the first step)[^:]*, run (\d) steps again[^:]*: "s2" has changed(.*)$/.exec(
        first,
      );
    assert.ok(below, first);
    const from = below[1] === undefined ? 0 : Number(below[1]) + 1;
    assert.equal(Number(below[2]), words.length - from);
    assert.equal(/no longer there/.test(below[3] ?? ''), from < 2);
    assert.deepEqual(
      runs.map((line) => line.split(':')[0]),
      words.slice(from).map((_, index) => `run web/s${from + index}`),
    );
    await folder.ok('apply', '--yes');
    const { resources, layers } = await state();
    const noted = layers[resources.machine.web.applied[from]?.key ?? '']?.bytes ?? 0;
    assert.ok(noted > 2 ** 24, `the RAM that the layer has now is noted, too: ${noted} bytes`);
    await checkLayers();
    await checkGuest();
  });

  test('is the same from its layers alone', async () => {
    await folder.ok('destroy', '--yes');
    await folder.ok('apply', '--yes');
    await checkGuest();
    await folder.ok('checkpoint', 'prune');
    await checkLayers();
  });

  // The test of the layers themselves has every stage: here are one with qemu-img at work, and one between two layers.
  for (const [index, stage] of ['rebase: the top is copied', 'coalesce: a layer is gone'].entries()) {
    test(`killed at "${stage}", it is whole, and the next apply continues`, async (t) => {
      words.push(`more-${index}`, `and-${index}`);
      await write();
      if (await killed(stage)) t.diagnostic('it had ended before');
      assert.deepEqual(await planned(), []);
      await checkGuest();
      const { stderr } = await folder.ok('apply', '--yes', '--debug');
      assert.deepEqual(await planned(), []);
      await checkLayers(stderr);
      await checkGuest();
    });
  }

  /** @returns whether it had ended by itself before */
  async function killed(stage: string): Promise<boolean> {
    const child = spawn(process.execPath, [goqemuCommand, 'apply', '--yes', '--debug'], {
      cwd: folder.path,
      env: { ...process.env, NO_COLOR: '1', ...folder.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('close', (_code, signal) => resolve(signal)),
    );
    let isSeen = false;
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (isSeen || !line.includes(stage)) return;
      isSeen = true;
      child.kill('SIGKILL');
    });
    const signal = await ended;
    assert.ok(isSeen, 'nothing was coalesced');
    return signal === null;
  }
});
