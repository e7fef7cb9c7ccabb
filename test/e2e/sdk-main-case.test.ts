import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectFolder, runTypeScript } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { e2eHome } from './lab-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const snippets = (page: string) => [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');

/** What else is asked of the same guest, since it is there: its sshd is OpenSSH. */
const more = `
import assert from 'node:assert/strict';
const results = await Promise.all(
  Array.from({ length: 200 }, (_, i) => vm.sendCommand(\`echo \${i} "$SSH_CONNECTION"\`)),
);
const words = results.map((one) => one.stdout.split(' '));
assert.deepEqual(words.map(([number]) => number), Array.from({ length: 200 }, (_, i) => String(i)));
assert.equal(new Set(words.map(([, ...connection]) => connection.join())).size, 1);
const { address } = await vm.ip();
assert.match((await vm.sendCommand('hostname -I')).stdout, new RegExp(address));
for await (const { data } of vm.streamCommand('echo begun; exec sleep 54321')) {
  assert.equal(data.toString(), 'begun\\n');
  break; // ends the command in the guest
}
await assert.rejects(vm.sendCommand('sleep 54321', { timeout: '500 ms' }), /sleep 54321.*500 ms/);
assert.equal((await vm.sendCommand("pgrep -f '[s]leep 54321' | wc -l")).stdout, '0\\n');
`;

test('the example at the top of docs/sdk.md takes a Debian back to its snapshot and leaves nothing behind', async () => {
  const example = snippets(await readFile(join(root, 'docs/sdk.md'), 'utf8'))[0] ?? '';
  assert.equal(example, await readFile(join(root, 'examples/sdk/main-case.ts'), 'utf8'));
  const folder = projectFolder();
  try {
    const before = await files();
    const file = join(folder, 'example.mts');
    await writeFile(file, `${example}${more}`);
    const run = await runCommand(process.execPath, [...runTypeScript, file], {
      cwd: folder,
      env: { GOQEMU_HOME: e2eHome },
    });
    assert.deepEqual({ code: run.code, stdout: run.stdout, stderr: run.stderr }, { code: 0, stdout: '', stderr: '' });
    // What an earlier test left may have been collected on the way.
    assert.deepEqual(
      (await files()).filter((file) => !before.includes(file)),
      [],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function files(): Promise<string[]> {
  const listed = ['snapshots', 'labs/standalone'].map(async (folder) => {
    const names = await readdir(join(e2eHome, folder)).catch(() => []);
    return names.map((name) => `${folder}/${name}`);
  });
  return (await Promise.all(listed)).flat();
}
