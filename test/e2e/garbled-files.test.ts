import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OwnHome } from './host-traces.ts';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

/** What happens to a file; `another lab's` is what a second lab has under the same name. */
const damages = {
  missing: (path: string) => rm(path, { recursive: true }),
  empty: (path: string) => truncate(path),
  'cut short': async (path: string) => truncate(path, Math.floor((await stat(path)).size / 2)),
  'full of zeros': async (path: string) => writeFile(path, Buffer.alloc(Math.min((await stat(path)).size, 2 ** 20))),
  'a folder': async (path: string) => {
    await rm(path, { recursive: true });
    await mkdir(path);
  },
  garbage: async (path: string) => writeFile(path, Buffer.alloc(Math.min((await stat(path)).size, 2 ** 20), 0xa5)),
};
type Damage = keyof typeof damages;
const kinds = Object.keys(damages) as Damage[];

/** What is human-readable, or written by QEMU: nothing is read from it. */
const isLog = (name: string) => /\.log$|\.log\.|history\.ndjson$/.test(name);

describe('each file that goqemu writes is damaged, and the next plan and apply settle it', () => {
  let home: OwnHome;
  let lab: LabFolder;
  let source = '';

  before(async () => {
    home = await OwnHome.make();
    const image = JSON.stringify(await tinyImage());
    source = `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'garbled' }, (lab) => {
  const web = lab
    .vm('web', { image: ${image}, user: 'debian', accelerator: 'tcg', memory: '256 MiB', cpus: 1, forward: { http: 80 } })
    .run('one', 'echo one > /root/one')
    .checkpoint('one')
    .run('two', 'echo two > /root/two')
    .checkpoint('two')
    .capture('token', 'echo token', { secret: true });
  return { name: 'web' };
});
`;
    lab = await LabFolder.make(source, home.env);
    await lab.ok('apply', '--yes');
  });
  after(async () => {
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

  const filesOf = async (): Promise<readonly string[]> => {
    const below = async (folder: string): Promise<string[]> => {
      const entries = await readdir(folder, { withFileTypes: true, recursive: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    };
    const files = [...(await below(home.path)), ...(await below(lab.file('.goqemu'))), lab.file('lab.lock.json')];
    return files.filter((path) => !isLog(path) && !path.includes('/img/') && !path.endsWith('.ts')).sort();
  };

  /** Damages the files, and takes the time that it takes to settle them. */
  const damaged = async (paths: readonly string[], what: Damage, say: (line: string) => void) => {
    const started = performance.now();
    for (const path of paths) await damages[what](path);
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

  const qemus = async () => (await home.processes()).filter(({ arguments: [name = ''] }) => /qemu-system/.test(name));

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
  [/\/(vm|manifest|state|[0-9a-f]{12})\.json$|state-key$|id_ed25519$|_key$|\/cache\/|seed\.iso$/, 'full of zeros'],
  [/\/snapshots\/.*disk-/, 'a folder'],
  [/\/labs\/.*disk-/, 'garbage'],
  // They count when the state itself is damaged: the next save writes them again.
  [/before\.(json|ndjson)$/, 'missing'],
  [/\.copy$/, 'missing'],
];

/** The same for each file of one kind: which layer or machine it belongs to is left out. */
function kindOf(path: string): string {
  const folder = basename(dirname(path)).replace(/[0-9a-f]{12}/, 'ID');
  return `${folder}/${basename(path)}`.replace(/[0-9a-f]{8,}/g, 'ID').replace(/disk-\d+/, 'disk-N');
}
