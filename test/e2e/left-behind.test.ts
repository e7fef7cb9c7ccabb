import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OwnHome } from './host-traces.ts';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

interface Document {
  readonly leftBehind: readonly {
    readonly id: string;
    readonly machines: readonly { readonly name: string; readonly pid?: number }[];
    readonly layers: number;
    readonly bytes: number;
  }[];
}

let home: OwnHome;
let folder: LabFolder;

before(async () => {
  home = await OwnHome.make();
  const machine = `{ image: ${JSON.stringify(await tinyImage())}, user: 'debian', memory: '256 MiB', cpus: 1 }`;
  folder = await LabFolder.make(
    `import { defineLab } from 'goqemu';
export default defineLab({ name: 'lost' }, (lab) => {
  const networks = [lab.network('lan')];
  lab.vm('web', { ...${machine}, networks }).run('mark', 'echo web > /root/mark').checkpoint('ready');
  lab.vm('db', { ...${machine}, networks });
});
`,
    home.env,
  );
  await folder.ok('apply', '--yes');
});
after(async () => {
  await folder[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

test('machines and layers whose state was removed manually are named with their size, and cleared', async () => {
  assert.deepEqual((await folder.json<Document>('doctor')).leftBehind, []);
  const state = JSON.parse(await readFile(folder.file('.goqemu/lost/default/state.json'), 'utf8'));
  const id = `lost-${state.lineage}`;
  const refused = await folder.run(['doctor', '--clear', id, '--yes']);
  assert.equal(refused.code, 64, refused.stderr);

  const running = (await home.processes()).filter(({ arguments: [program = ''] }) => /qemu-system/.test(program));
  assert.equal(running.length, 2);
  assert.ok((await home.processes()).length > running.length, 'the switch of its network');
  await rm(folder.file('.goqemu'), { recursive: true });
  // One machine's folder goes too: its QEMU runs on, and is found by its arguments.
  await rm(join(home.path, 'labs', id, 'db'), { recursive: true });
  const [found, ...others] = (await folder.json<Document>('doctor')).leftBehind;
  assert.deepEqual([found?.id, others], [id, []]);
  assert.deepEqual(
    [...(found?.machines ?? [])].map(({ name, pid }) => [name, running.some((one) => one.pid === pid)]).sort(),
    [
      ['db', true],
      ['web', true],
    ],
  );
  assert.ok((found?.layers ?? 0) >= 2 && (found?.bytes ?? 0) > 2 ** 20, JSON.stringify(found));
  const elsewhere = await folder.run(['doctor'], { env: { GOQEMU_HOME: join(home.path, 'other') } });
  assert.match(elsewhere.stdout, new RegExp(`with GOQEMU_HOME=${home.path} run: lost/`));

  await folder.ok('doctor', '--clear', id, '--yes');
  assert.deepEqual(await home.processes(), []);
  for (const place of ['labs', 'snapshots', 'keys', 'states']) assert.deepEqual(await home.files(place), [], place);
  assert.deepEqual(await home.runtimeFiles(), []);
});

test('the networks of a lab whose state and machines are gone are found by their process, and ended', async () => {
  await using lone = await LabFolder.make(
    "import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'lone' }, (lab) => void lab.network('lan'));\n",
    home.env,
  );
  await lone.ok('apply', '--yes');
  const state = JSON.parse(await readFile(lone.file('.goqemu/lone/default/state.json'), 'utf8'));
  const id = `lone-${state.lineage}`;
  await rm(lone.file('.goqemu'), { recursive: true });
  const [carrier] = await home.processes();
  // Another session of the user has its sockets elsewhere.
  const env = { XDG_RUNTIME_DIR: home.path };
  const found = JSON.parse((await lone.run(['doctor', '--json'], { env })).stdout);
  assert.deepEqual(
    found.leftBehind.map((one: { id: string; networks: { pid: number } }) => [one.id, one.networks.pid]),
    [[id, carrier?.pid]],
  );
  const cleared = await lone.run(['doctor', '--clear', id, '--yes'], { env });
  assert.equal(cleared.code, 0, cleared.stderr);
  assert.deepEqual(await home.processes(), []);
  assert.deepEqual(await home.runtimeFiles(), []);
});
