import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { checkResourceName, GoqemuError, makeFolders, systemErrorCode } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { typedWord } from '../../render/typed-word.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { InitOptions } from './init.spec.ts';
import { projectFiles } from './project-files.ts';

export async function run(context: CommandContext, input: CommandInput<InitOptions>): Promise<number> {
  const folder = resolve(context.shell.workingFolder, input.positionals[0] ?? '.');
  const { bare } = input.options;
  const name = input.options.name === undefined ? nameAfter(folder) : checkResourceName(input.options.name, '--name');
  makeFolders(folder);
  const lab = join(folder, 'lab.ts');
  if (!(await writeNew(lab, firstLab(name))))
    throw new GoqemuError({
      code: 'lab-present',
      source: 'user',
      message: `${lab} already exists`,
      hint: 'name another folder: goqemu init FOLDER',
    });
  const shown = (file: string) => typedWord(relative(context.shell.workingFolder, join(folder, file)));
  const written = ['lab.ts'];
  for (const file of bare ? [] : projectFiles(name)) {
    if (await writeNew(join(folder, file.name), file.content)) written.push(file.name);
    else {
      const missing = file.kept(await readFile(join(folder, file.name), 'utf8'));
      context.tell(`kept ${shown(file.name)}${missing === undefined ? '' : `; ${missing}`}`);
    }
  }
  context.tell(`wrote ${written.map(shown).join(', ')}`);
  const place = relative(context.shell.workingFolder, folder);
  const enter = place === '' ? [] : [`cd ${typedWord(place)}`];
  if (bare) tellNext(context, [...enter, 'goqemu plan']);
  else {
    context.tell('commit all of these, and lab.lock.json after the first apply; .goqemu/ belongs to this host alone');
    tellNext(context, [...enter, 'npm install', 'npx goqemu plan', 'npx goqemu apply']);
  }
  return exitCode.done;
}

/** False when there is such a file already. */
async function writeNew(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    return false;
  }
}

function tellNext(context: CommandContext, commands: readonly string[]): void {
  context.tell('next:');
  for (const command of commands) context.tell(`  ${command}`);
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
