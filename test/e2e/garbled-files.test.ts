import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Damage, damages, kindOf, withoutOverride } from './file-damages.ts';
import { OwnHome } from './host-traces.ts';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

const kinds = Object.keys(damages) as Damage[];

/** What is human-readable, or written by QEMU: nothing is read from it. */
const isLog = (name: string) => /\.log$|\.log\.|history\.ndjson$/.test(name);

describe('each file that goqemu writes is damaged, and the next plan and apply settle it', () => {
  let home: OwnHome;
  let lab: LabFolder;
  /** Another lab of the same home, with no layer in common. */
  let stranger: LabFolder;
  /** What the stranger has in its places, by its kind. */
  const foreign = new Map<string, string>();

  before(async () => {
    home = await OwnHome.make();
    const image = JSON.stringify(await tinyImage());
    const source = (name: string, word: string, disk: string) => `
import { defineLab } from 'goqemu';
export default defineLab({ name: '${name}' }, (lab) => {
  const lan = lab.network('lan');
  lab
    .vm('web', { image: ${image}, user: 'debian', accelerator: 'tcg', memory: '256 MiB', cpus: 1, disk: '${disk}', forward: { http: 80 }, networks: { lan } })
    .run('one', 'echo ${word} > /root/one')
    .checkpoint('one')
    .run('two', 'echo two > /root/two')
    .checkpoint('two')
    .capture('token', 'echo token', { secret: true });
  return { name: 'web' };
});
`;
    lab = await LabFolder.make(source('garbled', 'one', '10 GB'), home.env, withoutOverride);
    await lab.ok('apply', '--yes');
    const own = new Set(await allFiles());
    stranger = await LabFolder.make(source('stranger', 'strange', '11 GB'), home.env, withoutOverride);
    await stranger.ok('apply', '--yes');
    for (const path of [...(await allFiles()), ...(await filesBelow(stranger.file('.goqemu')))])
      if (!own.has(path)) foreign.set(path, kindOf(path));
    foreign.set(stranger.file('lab.lock.json'), kindOf(lab.file('lab.lock.json')));
  });
  after(async () => {
    assert.deepEqual(
      (await stranger.json<{ operations: unknown[] }>('plan')).operations,
      [],
      'the stranger lost nothing',
    );
    assert.equal((await stranger.ok('exec', 'web', '--', 'sudo', 'cat', '/root/one')).stdout, 'strange\n');
    await stranger[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
    assert.deepEqual(await home.processes(), [], 'no QEMU is left');
    await home[Symbol.asyncDispose]();
  });

  const planned = async () =>
    (await lab.json<{ operations: { action: string; resource: string; reason: string }[] }>('plan')).operations;

  /** What a user finds and does: a plan that says it, an apply that settles it, and nothing is lost or orphaned. */
  const settles = async (path: string, what: Damage) => {
    const about = `${path} is ${what}`;
    const plan = await lab.run(['plan']);
    let applied = await lab.run(['apply', '--yes']);
    if (applied.code !== 0) {
      await takeWayOut(`${plan.stderr}${applied.stderr}`, about);
      applied = await lab.run(['apply', '--yes']);
    } else assert.equal(plan.code, 0, `${about}\n${plan.stdout}${plan.stderr}`);
    assert.equal(applied.code, 0, `${about}\n${plan.stdout}${plan.stderr}\n${applied.stdout}${applied.stderr}`);
    assert.deepEqual(await planned(), [], about);
    const { stdout } = await lab.ok('exec', 'web', '--', 'sudo', 'cat', '/root/one', '/root/two');
    assert.equal(stdout, 'one\ntwo\n', about);
    assert.equal((await qemus()).length, 1, about);
    const { checkpoints } = await lab.json<{ checkpoints: { descriptions: string[]; contents: string[] }[] }>(
      'checkpoint',
      'list',
    );
    for (const { descriptions, contents } of checkpoints)
      assert.ok(contents.includes('disk'), `${about}: the checkpoint "${descriptions[0]}" is lost`);
    return `${plan.stdout}${plan.stderr}`;
  };

  /** A refusal names a file to delete: that is done. */
  const takeWayOut = async (said: string, about: string) => {
    const path = /(?:delete|remove)[^\n]*?(\/\S+?)[,;.]?(?:\s|$)/.exec(said)?.[1];
    assert.ok(path && existsSync(path), `no way out is named when ${about}:\n${said}`);
    await rm(path, { recursive: true });
  };

  const allFiles = async () => [
    ...(await filesBelow(home.path)),
    ...(await filesBelow(home.runtime)),
    ...(await filesBelow(lab.file('.goqemu'))),
    lab.file('lab.lock.json'),
  ];

  /** Of the lab, or of both; nothing of the stranger alone. */
  const filesOf = async (): Promise<readonly string[]> =>
    (await allFiles())
      .filter((path) => !foreign.has(path) && !isLog(path) && !path.includes('/img/') && !path.endsWith('.ts'))
      .sort();

  /** Damages the files, and takes the time that it takes to settle them. */
  const damaged = async (paths: readonly string[], what: Damage, say: (line: string) => void) => {
    const started = performance.now();
    for (const path of paths) await damages[what](path, [...foreign].find(([, kind]) => kind === kindOf(path))?.[0]);
    const said = await settles(paths.join(', '), what);
    const words = said.split('\n').filter((line) => /damag|lost|missing|rebuilt/.test(line));
    say(`${paths.map(kindOf).join(', ')} ${what}: ${Math.round(performance.now() - started)} ms ${words.join('; ')}`);
  };

  if (process.env.GOQEMU_SOAK)
    test('one after another, in every way, while the lab runs and when its QEMU has ended', async (t) => {
      const seen = new Set<string>();
      for (;;) {
        // The files change as it heals: each is taken once by what it is.
        const path = (await filesOf()).find((file) => !seen.has(kindOf(file)));
        if (path === undefined) break;
        seen.add(kindOf(path));
        for (const what of kinds) {
          for (const isRunning of [true, false]) {
            if (!existsSync(path)) break;
            if (!isRunning) await endQemu();
            await damaged([path], what, (line) => t.diagnostic(line));
          }
        }
      }
    });
  else
    test('all of one kind at once, while the lab runs', async (t) => {
      for (const [kind, what] of batches) {
        const paths = (await filesOf()).filter((path) => kind.test(path));
        assert.ok(paths.length > 0, `there are no files like ${kind}`);
        await damaged(paths, what, (line) => t.diagnostic(line));
      }
    });

  test('a QEMU that hangs is ended by the next apply, which starts the machine again', async () => {
    const [qemu] = await qemus();
    assert.ok(qemu);
    process.kill(qemu.pid, 'SIGSTOP');
    const [start] = await planned();
    assert.match(`${start?.action} ${start?.reason}`, /^start .*does not answer/);
    const { stderr, stdout } = await lab.ok('apply', '--yes');
    assert.doesNotMatch(stdout + stderr, /another client/);
    assert.deepEqual(await planned(), []);
    assert.equal((await qemus()).length, 1);
    assert.notEqual((await qemus())[0]?.pid, qemu.pid);
    assert.equal((await lab.ok('exec', 'web', '--', 'sudo', 'cat', '/root/one')).stdout, 'one\n');
  });

  const qemus = async () =>
    (await home.processes()).filter(
      ({ arguments: words }) => /qemu-system/.test(words[0] ?? '') && words.some((word) => word.includes('/garbled-')),
    );

  const endQemu = async () => {
    for (const { pid } of await qemus()) process.kill(pid, 'SIGKILL');
    while ((await qemus()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  };
});

/**
 * Files of which none is the other's second. Copies come last: one that is gone is written with its file the next time,
 * and until then its file is alone.
 */
const batches: readonly (readonly [RegExp, Damage])[] = [
  [/\.pub$/, 'empty'],
  [/\/snapshots\/[0-9a-f]{12}\/(ram|state)-/, 'cut short'],
  [
    /\/(vm|manifest|state|[0-9a-f]{12}|switch)\.json$|state-key$|id_ed25519$|_key$|\/cache\/|seed\.iso$/,
    'full of zeros',
  ],
  [/\/(vm|manifest|state|[0-9a-f]{12}|switch)\.json$|state-key$|id_ed25519$|_key$|seed\.iso$/, "another lab's"],
  [
    /\/(vm|manifest|state|[0-9a-f]{12})\.json$|state-key$|id_ed25519$|_key$|\/cache\/|\/snapshots\/.*\/ram-/,
    'unreadable',
  ],
  [/\/snapshots\/.*disk-/, 'a folder'],
  [/\/labs\/.*disk-/, 'garbage'],
  // They count when the state itself is damaged: the next save writes them again.
  [/before\.(json|ndjson)$/, 'missing'],
  [/\.copy$/, 'missing'],
];

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
