import assert from 'node:assert/strict';
import { appendFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OwnHome } from './host-traces.ts';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

interface Status {
  readonly machines: readonly { readonly name: string; readonly state: string; readonly reason?: string }[];
}

const imagePath = await tinyImage();
let home: OwnHome;
let folder: LabFolder;

before(async () => {
  home = await OwnHome.make();
  folder = await LabFolder.make(labWith(), home.env);
  await folder.ok('apply', '--yes');
});
after(async () => {
  await folder[Symbol.asyncDispose]();
  assert.deepEqual(await home.processes(), []);
  assert.deepEqual(await home.files('labs'), []);
  await home[Symbol.asyncDispose]();
});

/** One machine; what is in memory is gone with a boot. */
function labWith(step = ''): string {
  return `import { defineLab } from 'goqemu';
export default defineLab({ name: 'power' }, (lab) => {
  lab.vm('web', { image: ${JSON.stringify(imagePath)}, user: 'debian', memory: '256 MiB', cpus: 1 })${step};
});
`;
}

const state = async () => (await folder.json<Status>('status')).machines[0]?.state;
const inGuest = async (script: string) => (await folder.ok('exec', 'web', '--', 'sh', '-c', script)).stdout.trim();
const changes = async () => (await folder.json<{ changes: number }>('plan')).changes;
const qemus = async () =>
  (await home.processes()).filter(({ arguments: [program = ''] }) => /qemu-system/.test(program));
/** A process that counts in memory, and writes where it is into a tmpfs. */
const counter =
  '(setsid sh -c "i=0; while :; do i=\\$((i+1)); echo \\$i > /dev/shm/count; sleep 0.05; done" < /dev/null > /dev/null 2>&1 &); sleep 1; cat /dev/shm/count';

/** What a reboot of the host leaves: no process, no runtime folder, no memory; the disk is as it was. */
async function hostReboots(): Promise<void> {
  assert.deepEqual(await qemus(), []);
  await rm(home.runtime, { recursive: true, force: true });
}

test('a stopped machine has no process, is no drift, and boots with what it wrote', async () => {
  await inGuest('echo kept > /home/debian/file 2>/dev/null || echo kept > ~/file');
  await folder.ok('stop');
  assert.deepEqual(await qemus(), []);
  assert.deepEqual([await state(), await changes()], ['stopped', 0]);
  await folder.ok('start');
  assert.equal(await inGuest('cat /home/debian/file 2>/dev/null || cat ~/file'), 'kept');
});

test('what runs in a suspended machine continues after a reboot of the host, with the time of the host', async () => {
  const count = Number(await inGuest(counter));
  assert.ok(count > 0);
  await folder.ok('suspend');
  assert.deepEqual([await state(), await changes()], ['suspended', 0]);
  const [ram = ''] = (await home.files('labs')).filter((name) => name.endsWith('/suspended-ram'));
  assert.ok((await stat(join(home.path, 'labs', ram))).size > 2 ** 20, 'the RAM is in the folder of the machine');
  await hostReboots();
  await folder.ok('resume', 'web');
  assert.equal(await state(), 'running');
  const [later = 0, time = 0] = (await inGuest('sleep 0.5; cat /dev/shm/count; date +%s')).split('\n').map(Number);
  assert.ok(later > count, `${later} after ${count}`);
  const behind = Date.now() / 1000 - time;
  assert.ok(Math.abs(behind) < 5, `the guest is ${behind} s behind`);
  assert.deepEqual(
    (await home.files('labs')).filter((name) => /suspended/.test(name)),
    [],
    'its RAM is gone',
  );
});

test('a machine that was resumed is suspended again, and is resumed by an apply that has a step for it', async () => {
  const count = Number(await inGuest('cat /dev/shm/count'));
  await folder.ok('suspend');
  await folder.write(labWith(`.run('mark', 'cat /dev/shm/count > /root/mark')`));
  const plan = await folder.ok('plan');
  assert.match(plan.stdout, /resume .*web .*it was suspended, and 1 step is to run in it/);
  await folder.ok('apply', '--yes');
  assert.ok(Number(await inGuest('cat /dev/shm/count')) > count);
});

test('a machine that is paused over its monitor is paused, and is taken on over it', async () => {
  await folder.ok('qmp', 'web', 'stop');
  assert.deepEqual([await state(), await changes()], ['paused', 0]);
  await folder.ok('qmp', 'web', 'cont');
  assert.equal(await state(), 'running');
});

test('RAM that is damaged is not resumed from: resume names start, and stop drops it', async () => {
  await folder.ok('suspend');
  const [ram = ''] = (await home.files('labs')).filter((name) => name.endsWith('/suspended-ram'));
  await appendFile(join(home.path, 'labs', ram), 'x');
  const resume = await folder.run(['resume', 'web']);
  assert.equal(resume.code, 1);
  assert.match(resume.stderr, /web cannot resume: .*suspended-ram(.*\n)*.*goqemu start web/);
  const asked = await folder.run(['stop']);
  assert.equal(asked.code, 64, asked.stderr);
  await folder.ok('stop', '--yes');
  assert.equal(await state(), 'stopped');
  assert.deepEqual(
    (await home.files('labs')).filter((name) => /suspended/.test(name)),
    [],
  );
});
