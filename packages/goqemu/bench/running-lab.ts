import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureTinyGuest } from '@goqemu/testing';
import { environment, goqemu, type Place } from './turns.ts';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));
const run = promisify(execFile);

/** A lab of tiny guests that run on this host, as its author applied it; disposing of it leaves nothing. */
export class BenchLab implements AsyncDisposable {
  readonly place: Place;

  private constructor(place: Place) {
    this.place = place;
  }

  static async apply(machines: number): Promise<BenchLab> {
    await mkdir(join(cache, 'tiny-guest'), { recursive: true });
    const { path } = await ensureTinyGuest({ cacheFolder: join(cache, 'tiny-guest') });
    const folder = await mkdtemp(join(cache, 'bench-'));
    await writeFile(join(folder, 'lab.ts'), labOf(machines, path));
    const lab = new BenchLab({ cwd: folder, home: join(folder, 'home') });
    try {
      await lab.run('apply', '--yes');
      const { stdout } = await lab.run('plan', '--json');
      const { changes } = JSON.parse(stdout) as { changes: number };
      if (changes > 0) throw new Error(`the plan of the bench's lab is not empty: ${stdout}`);
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  run(...words: string[]): Promise<{ readonly stdout: string }> {
    return run(process.execPath, [goqemu, ...words], { cwd: this.place.cwd, env: environment(this.place) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('destroy', '--yes');
    await rm(this.place.cwd, { recursive: true });
  }
}

/** Each machine goes on from the template's RAM, so that many are up soon. */
function labOf(machines: number, image: string): string {
  return `import { defineLab } from 'goqemu';
export default defineLab({ name: 'bench' }, (lab) => {
  const small = { accelerator: 'tcg', memory: '128 MiB', cpus: 1 } as const;
  const base = lab.template('base', { image: ${JSON.stringify(image)}, user: 'debian', ...small }).run('one', 'true').checkpoint('ready');
  for (let i = 0; i < ${machines}; i++) lab.vm(\`m-\${i}\`, { from: base.at.ready, ...small });
});
`;
}
