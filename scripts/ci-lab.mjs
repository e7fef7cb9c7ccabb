/** After `npm run quickstart`: its guest answers, comes back from a checkpoint, and goes without a trace. */
import assert from 'node:assert/strict';
import { capture } from './run/run.mjs';

const lab = 'examples/quickstart';

await goqemu('doctor');
const before = await goqemu('exec', '-l', lab, 'web', '--', 'cat', '/etc/motd');
await goqemu('checkpoint', 'create', 'before', '-l', lab);
await goqemu('exec', '-l', lab, 'web', '--', 'sudo', 'rm', '/etc/motd');
await goqemu('checkpoint', 'restore', 'before', '-l', lab, '--yes');
assert.equal(await goqemu('exec', '-l', lab, 'web', '--', 'cat', '/etc/motd'), before);
await goqemu('destroy', lab, '--yes');
const { machines } = JSON.parse(await goqemu('status', '--json', '-l', lab));
assert.deepEqual(
  machines.filter(({ state }) => state !== 'absent'),
  [],
);

async function goqemu(...words) {
  const { code, stdout, stderr } = await capture(process.execPath, ['packages/goqemu/bin/goqemu.js', ...words]);
  process.stderr.write(`$ goqemu ${words.join(' ')}\n${stdout}${stderr}`);
  assert.equal(code, 0, `goqemu ${words.join(' ')} ended with ${code}`);
  return stdout;
}
