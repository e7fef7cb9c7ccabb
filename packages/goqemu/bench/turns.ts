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

/** What one run of Node.js with these arguments costs. */
export type Cost = (node: string, words: readonly string[], place: Place) => number;

/** From the start of the process to its end. */
export const milliseconds: Cost = (node, words, place) => {
  const begun = performance.now();
  execFileSync(node, words, { cwd: place.cwd, env: environment(place), stdio: 'ignore' });
  return performance.now() - begun;
};

/** Runs each of these commands in turns, so that what else the host does meets all of them alike; gives the median of each. */
export function mediansInTurns<Name extends string>(
  commands: Readonly<Record<Name, readonly string[]>>,
  options: { readonly node: string; readonly place: Place; readonly turns: number; readonly cost: Cost },
): Readonly<Record<Name, number>> {
  const costs = new Map<string, number[]>();
  const { node, place, turns, cost } = options;
  for (let turn = -2; turn < turns; turn++)
    for (const [name, words] of Object.entries<readonly string[]>(commands)) {
      const taken = cost(node, words, place);
      // The first turns fill the caches that later ones find.
      if (turn >= 0) costs.set(name, [...(costs.get(name) ?? []), taken]);
    }
  return Object.fromEntries([...costs].map(([name, all]) => [name, median(all)])) as Record<Name, number>;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
