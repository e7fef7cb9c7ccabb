import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { labOf, TestLab } from '../../shell/fixture/test-lab.ts';
import { contents } from './left-behind.ts';

interface Document {
  readonly leftBehind: readonly { readonly id: string; readonly stateFolder: string | null; readonly layers: number }[];
}

async function leftBehindOf(lab: TestLab, workingFolder = lab.base): Promise<Document['leftBehind']> {
  return (JSON.parse((await lab.run(['doctor', '--json'], { workingFolder })).stdout) as Document).leftBehind;
}

test('doctor names what a lab has left whose state was removed manually, and clears it', async () => {
  using lab = new TestLab(labOf('web', ['web', 'db']));
  await lab.run(['apply', '--yes']);
  await lab.run(['checkpoint', 'fork', 'ready']);
  assert.deepEqual(await leftBehindOf(lab), [], 'what a state reaches is not left behind');
  rmSync(lab.file('.goqemu'), { recursive: true });
  const said = await lab.run(['doctor']);
  const ids = [...said.stdout.matchAll(/left behind +(web-[0-9a-f]{12}): 2 machines, 2 of them running/g)];
  assert.equal(ids.length, 2, said.stdout);
  assert.ok(said.stdout.includes(`its state is gone: ${lab.file('.goqemu/web/ready')}`), said.stdout);
  assert.match(said.stdout, /or remove all of it: goqemu doctor --clear web-/);
  const [first = '', second = ''] = ids.map((match) => match[1]);
  const unasked = await lab.run(['doctor', '--clear', first]);
  assert.equal(unasked.code, 64, 'there is no terminal to ask on');
  const cleared = await lab.run(['doctor', '--yes', '--clear', first, '--clear', second]);
  assert.deepEqual([cleared.code, cleared.stdout], [0, `removed ${first}\nremoved ${second}\n`]);
  assert.deepEqual([lab.host.machines.size, lab.host.layers.size], [0, 0]);
  assert.deepEqual(readdirSync(join(lab.base, 'home', 'states')), []);
  assert.deepEqual(await leftBehindOf(lab), []);
});

test('a lab whose folder was moved is left alone once it has been worked on where it is now', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  await lab.run(['apply', '--yes']);
  const moved = join(lab.base, 'moved');
  renameSync(lab.folder, moved);
  const [one] = await leftBehindOf(lab, moved);
  assert.equal(one?.stateFolder, lab.file('.goqemu/web/default'));
  await lab.run(['refresh'], { workingFolder: moved });
  assert.deepEqual(await leftBehindOf(lab), []);
  const refused = await lab.run(['doctor', '--yes', '--clear', one?.id ?? ''], { workingFolder: moved });
  assert.equal(refused.code, 64);
  assert.match(refused.stderr, /belongs to a lab that is there: .*moved/);
  assert.equal(lab.host.machines.size, 1);
});

test('layers alone, and a lab that no note knows, are named too; a name that is none is refused', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  await lab.run(['apply', '--yes']);
  await lab.run(['destroy', '--yes']);
  assert.deepEqual(await leftBehindOf(lab), []);
  rmSync(lab.file('.goqemu'), { recursive: true });
  const [layers] = await leftBehindOf(lab);
  assert.match(layers?.id ?? '', /^web-[0-9a-f]{12}$/);
  rmSync(join(lab.base, 'home', 'states'), { recursive: true });
  const [unknown] = await leftBehindOf(lab);
  assert.match(unknown?.id ?? '', /^[0-9a-f]{12}$/);
  assert.equal(unknown?.stateFolder, null);
  assert.equal((await lab.run(['doctor', '--yes', '--clear', 'nothing'])).code, 64);
  assert.ok(lab.host.layers.size > 0);
  assert.equal((await lab.run(['doctor', '--yes', '--clear', unknown?.id ?? ''])).code, 0);
  assert.equal(lab.host.layers.size, 0);
  assert.equal(existsSync(lab.file('.goqemu')), false);
});

test('networks that run without a machine are named, and end', async () => {
  using lab = new TestLab(
    `import { defineLab } from 'goqemu';
export default defineLab({ name: 'web' }, (lab) => void lab.vm('web', { networks: [lab.network('lan')] }));
`,
  );
  await lab.run(['apply', '--yes']);
  rmSync(lab.file('.goqemu'), { recursive: true });
  lab.host.machines.clear();
  lab.host.layers.clear();
  const [one] = await leftBehindOf(lab);
  assert.match((await lab.run(['doctor'])).stdout, /left behind +web-[0-9a-f]{12}: networks that run, /);
  assert.equal((await lab.run(['doctor', '--yes', '--clear', one?.id ?? ''])).code, 0);
  assert.equal(lab.host.switches.size, 0);
});

test('what is there is described in words', () => {
  const one = (machines: readonly boolean[], layers: number, networks?: object) =>
    contents({
      id: 'x',
      stateFolder: undefined,
      footprint: {
        lineage: 'x',
        lab: 'x',
        machines: machines.map((isRunning, index) => ({ name: `m${index}`, isRunning })),
        layers,
        ...(networks ? { networks } : {}),
        bytes: 3 * 2 ** 30,
      },
    });
  assert.equal(one([true, false], 5), '2 machines, 1 of them running, and 5 layers, 3 GiB');
  assert.equal(one([true], 0), '1 machine that runs, 3 GiB');
  assert.equal(one([true, true], 0), '2 machines, 2 of them running, 3 GiB');
  assert.equal(one([], 1), '1 layer, 3 GiB');
  assert.equal(one([], 0, {}), 'networks that run, 3 GiB');
  assert.equal(one([false], 2, {}), '1 machine, networks that run and 2 layers, 3 GiB');
  assert.equal(one([true], 2, {}), '1 machine that runs and 2 layers, 3 GiB');
});
