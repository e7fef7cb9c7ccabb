import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { installedPackage } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { LabFolder } from './lab-folder.ts';
import { assertShows, tutorialParts } from './tutorial.ts';

test('the how-to for Ansible, done as it is typed: ping, a playbook, again after a restore, and in a fork', async () => {
  // What follows is another lab, whose guest takes Ansible from Debian's mirror.
  await follow('docs/how-to/ansible.md', '## A playbook as a step');
});

test('the how-to for a secret in an EnvironmentFile, done as it is typed: the service has it', async () => {
  await follow('docs/how-to/environment-file.md', '## Where a secret comes from');
});

/** Writes the files of a page and types its commands, in a folder of its own. */
async function follow(page: string, end: string): Promise<void> {
  const parts = tutorialParts(page, end);
  await using folder = await LabFolder.make(
    parts.flatMap((part) => (part.kind === 'file' ? [part.content] : []))[0] ?? '',
  );
  const env = { ...folder.env, PATH: `${dirname(installedPackage.bin)}:${process.env.PATH}` };
  for (const part of parts)
    if (part.kind === 'file') {
      await mkdir(dirname(folder.file(part.path)), { recursive: true });
      await writeFile(folder.file(part.path), part.content);
    } else {
      let screen = '';
      for (const command of part.commands) {
        const { code, stdout, stderr } = await runCommand('sh', ['-c', command], { cwd: folder.path, env });
        screen += stdout + stderr;
        if (!part.fails) assert.equal(code, 0, `${command}\n${screen}`);
      }
      assertShows(screen, part.shows);
    }
}
