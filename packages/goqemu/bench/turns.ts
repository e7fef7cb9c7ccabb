import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const goqemu = fileURLToPath(new URL('../bin/goqemu.js', import.meta.url));

export interface Place {
  readonly cwd: string;
  /** `GOQEMU_HOME` */
  readonly home: string;
}

export function environment({ home }: Place): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, GOQEMU_HOME: home };
}

/**
 * Runs each of these commands in turns, so that what else the host does meets all of them alike, and gives the median of
 * each in milliseconds.
 */
export function mediansInTurns<Name extends string>(
  commands: Readonly<Record<Name, readonly string[]>>,
  options: { readonly node: string; readonly place: Place; readonly turns: number },
): Readonly<Record<Name, number>> {
  const times = new Map<string, number[]>();
  const { node, place, turns } = options;
  for (let turn = -2; turn < turns; turn++)
    for (const [name, words] of Object.entries<readonly string[]>(commands)) {
      const begun = performance.now();
      execFileSync(node, words, { cwd: place.cwd, env: environment(place), stdio: 'ignore' });
      const took = performance.now() - begun;
      // The first turns fill the caches that later ones find.
      if (turn >= 0) times.set(name, [...(times.get(name) ?? []), took]);
    }
  return Object.fromEntries([...times].map(([name, taken]) => [name, median(taken)])) as Record<Name, number>;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
