import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

const steps = process.env.GOQEMU_SOAK ? 20 : 8;
/** Milliseconds that a guest may be behind. */
const limitMs = 100;

test('the clock of a guest is right after many steps, each with a cut, and in a fork', async (t) => {
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'clock' }, (lab) => {
  const web = lab.vm('web', { image: ${JSON.stringify(await tinyImage())}, user: 'debian', memory: '256 MiB', cpus: 1 });
  for (let i = 1; i <= ${steps}; i++) web.run(\`step \${i}\`, \`echo \${i} > /root/step\`);
  web.checkpoint('ready');
});
`);
  await folder.ok('apply', '--yes');
  await t.test('after the steps', async () => within(await behind(folder)));
  await t.test('in a fork', async () => {
    await folder.ok('checkpoint', 'fork', 'ready', '--name', 'other');
    within(await behind(folder, '--stack', 'other'));
    await folder.ok('destroy', '--stack', 'other', '--yes');
  });
  await t.test('after a restore', async () => {
    await folder.ok('checkpoint', 'restore', 'ready');
    within(await behind(folder));
  });
});

function within(milliseconds: number): void {
  assert.ok(Math.abs(milliseconds) <= limitMs, `the guest is ${milliseconds} ms behind`);
}

/**
 * Milliseconds that the guest is behind, as far as the time that asking took does not explain it: the least of some
 * questions to one process that is there already.
 */
async function behind(folder: LabFolder, ...options: string[]): Promise<number> {
  const answer = 'while read -r line; do date +%s%3N; done';
  const command = [goqemuCommand, 'exec', '--stdin', ...options, 'web', '--', 'sh', '-c', answer];
  const child = spawn(process.execPath, command, {
    cwd: folder.path,
    env: { ...process.env, ...folder.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let least = Number.POSITIVE_INFINITY;
  for (let question = 0; question < 8; question++) {
    const asked = Date.now();
    child.stdin.write('now\n');
    const guest = Number((await lines.next()).value);
    const answered = Date.now();
    const off = guest < asked ? asked - guest : guest > answered ? answered - guest : 0;
    if (Math.abs(off) < Math.abs(least)) least = off;
  }
  child.stdin.end();
  await once(child, 'close');
  return least;
}
