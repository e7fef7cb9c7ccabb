import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whatLoads } from '../../scripts/run/loaded-files.ts';
import { installedPackage } from '../installed-package.ts';
import { goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

/** More than the ten that Node.js warns at. */
const machines = 12;

test('where there is nothing to do plan loads the file that looks and apply the one that acts; a plan warns of nothing', async () => {
  const image = JSON.stringify(await tinyImage());
  await using lab = await LabFolder.make(`import { defineLab } from 'goqemu';
export default defineLab({ name: 'loaded' }, (lab) => {
  const small = { accelerator: 'tcg', memory: '128 MiB', cpus: 1 } as const;
  const base = lab.template('base', { image: ${image}, user: 'debian', ...small }).run('one', 'true').checkpoint('one');
  for (let i = 1; i <= ${machines}; i++) lab.vm(\`m-\${i}\`, { from: base.at.one, ...small });
});
`);
  await lab.ok('apply', '--yes');
  const { stdout, stderr } = await lab.ok('plan');
  assert.match(stdout, /Nothing to do/);
  assert.equal(stderr, '');

  const loadedBy = (...words: string[]) => {
    const { files, modules } = whatLoads([goqemuCommand, ...words], {
      cwd: lab.path,
      env: { ...process.env, ...lab.env },
      packageFolder: installedPackage.folder,
    });
    const paths = files.map(({ path }) => path.replace('packages/goqemu/', ''));
    return { paths: paths.filter((path) => /^(?:bin|dist)\//.test(path)), modules };
  };
  const { paths, modules } = loadedBy('plan');
  assert.deepEqual(paths, ['bin/goqemu.js', 'dist/start.js', 'dist/look.cjs', 'dist/describe.js']);
  const acting = ['bin/goqemu.js', 'dist/start.js', 'dist/act.cjs', 'dist/describe.js'];
  assert.deepEqual(loadedBy('apply', '--yes').paths, acting);
  assert.deepEqual(loadedBy('exec', 'm-1', '--', 'true').paths, [
    'bin/goqemu.js',
    'dist/start.js',
    'dist/reach.cjs',
    'dist/describe.js',
  ]);
  const asked = modules.filter(({ wantedBy }) => wantedBy.length > 0).map(({ name }) => name);
  for (const heavy of ['tls', 'http', 'https', 'child_process', 'dgram', 'worker_threads', 'readline'])
    assert.ok(!asked.includes(heavy), `node:${heavy}`);

  const { machines: seen } = await lab.json<{ machines: readonly { state: string }[] }>('status');
  assert.equal(seen.filter(({ state }) => state === 'running').length, machines);
});
