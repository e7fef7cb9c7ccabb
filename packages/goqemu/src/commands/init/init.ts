import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { checkResourceName, GoqemuError, systemErrorCode } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { typedWord } from '../../render/typed-word.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { InitOptions } from './init.spec.ts';

export async function run(context: CommandContext, input: CommandInput<InitOptions>): Promise<number> {
  const folder = resolve(context.shell.workingFolder, input.positionals[0] ?? '.');
  const name = input.options.name === undefined ? nameAfter(folder) : checkResourceName(input.options.name, '--name');
  const file = join(folder, 'lab.ts');
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(file, firstLab(name), { flag: 'wx' });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    throw new GoqemuError({
      code: 'lab-present',
      source: 'user',
      message: `${file} already exists`,
      hint: 'name another folder: goqemu init FOLDER',
    });
  }
  const path = relative(context.shell.workingFolder, file);
  context.tell(
    `wrote ${typedWord(path)}; see what it would do with: goqemu plan${path === 'lab.ts' ? '' : ` ${typedWord(path)}`}`,
  );
  return exitCode.done;
}

/** The folder's name as a resource name: what does not fit is left out. */
function nameAfter(folder: string): string {
  const name = basename(folder)
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return name === '' ? 'lab' : name.toLowerCase();
}

function firstLab(name: string): string {
  return `import { defineLab } from 'goqemu';

export default defineLab({ name: '${name}' }, (lab) => {
  const web = lab
    .vm('web', { memory: '1 GiB', cpus: 1 })
    .file('greeting', '/etc/motd', 'Made by goqemu.\\n')
    .checkpoint('ready');

  return { sshPort: web.sshPort };
});
`;
}
