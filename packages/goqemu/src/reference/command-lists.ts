import type { RunnableCommand } from '../shell/runnable-command.ts';

/** The lists in bin/goqemu.js: which commands run from a file of the bundle of their own, by the module that they load. */
const lists = { looks: 'looking-commands', reaches: 'reaching-commands', acts: 'lab-commands' };

/** Of biome.json, whose format the file has. */
const lineWidth = 120;

/** The text of bin/goqemu.js with the lists that the command table says; "npm run docs" writes it. */
export function withCommandLists(text: string, commands: readonly Pick<RunnableCommand, 'name' | 'load'>[]): string {
  return Object.entries(lists).reduce((written, [name, module]) => {
    const loading = commands.filter(({ load }) => String(load).includes(module)).map((command) => command.name);
    const words = [...new Set(loading.map((command) => `'${command.split(' ')[0]}'`))].sort();
    const line = `const ${name} = [${words.join(', ')}];`;
    const lines = `const ${name} = [\n${words.map((word) => `  ${word},\n`).join('')}];`;
    return written.replace(new RegExp(`^const ${name} = \\[[^\\]]*\\];$`, 'm'), line.length > lineWidth ? lines : line);
  }, text);
}
