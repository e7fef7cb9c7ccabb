import { labCompilerOptions } from '../../loader/compiler-options.ts';
import { version } from '../../shell/version.ts';

/** What the files beside a lab.ts are made of. */
export interface ProjectFile {
  readonly name: string;
  readonly content: string;
  /** What a project that has such a file already is to add to it itself. */
  readonly kept: (content: string) => string | undefined;
}

/** Packages that a lab needs in an editor; TypeScript and the types of Node.js, by the versions that goqemu is tested with. */
const developmentPackages = { '@types/node': '^20.19.0', goqemu: `^${version}`, typescript: '^6.0.0' };

/** The files of a new project around a lab. */
export function projectFiles(name: string): readonly ProjectFile[] {
  return [
    {
      name: 'package.json',
      content: json({
        name: name.toLowerCase(),
        private: true,
        type: 'module',
        scripts: { validate: 'goqemu validate --check-types' },
        devDependencies: developmentPackages,
      }),
      kept: (content) =>
        content.includes('"goqemu"')
          ? undefined
          : `add to it with: npm install --save-dev ${Object.keys(developmentPackages).join(' ')}`,
    },
    {
      name: 'tsconfig.json',
      content: json({ compilerOptions: { ...labCompilerOptions, types: ['node'] }, include: ['**/*.ts'] }),
      kept: () => undefined,
    },
    {
      name: '.gitignore',
      content: ignored.map((line) => `${line}\n`).join(''),
      kept: (content) => {
        const lines = content.split(/\r?\n/).map((line) => line.replace(/\/$/, ''));
        const missing = ignored.filter((line) => !lines.includes(line.replace(/\/$/, '')));
        return missing.length > 0 ? `add to it: ${missing.join(' ')}` : undefined;
      },
    },
  ];
}

/** The state belongs to this host and its machines; a saved plan to one state. */
const ignored = ['node_modules/', '.goqemu/', '*.plan'];

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
