import { execFileSync } from 'node:child_process';

/** A Node.js to measure on, against itself doing nothing. */
export interface BenchNode {
  /** `v20.19.0` */
  readonly version: string;
  readonly path: string;
}

/**
 * The Node.js that runs the bench, and a current one: that of `GOQEMU_BENCH_NODE`, or the newest that npx can get. Without
 * either there is no row for it, and the reason is told.
 */
export function benchNodes(): readonly BenchNode[] {
  const own = { version: process.version, path: process.execPath };
  const current = currentNode();
  return current === undefined || current.version === own.version ? [own] : [own, current];
}

function currentNode(): BenchNode | undefined {
  const named = process.env.GOQEMU_BENCH_NODE;
  const [program, words] = named
    ? [named, ['-p', tell] as const]
    : (['npx', ['--yes', '--package=node@latest', '--', 'node', '-p', tell]] as const);
  try {
    const told = execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return JSON.parse(told) as BenchNode;
  } catch (error) {
    if (named) throw error;
    process.stderr.write(`no current Node.js to measure on: ${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
}

const tell = 'JSON.stringify({ version: process.version, path: process.execPath })';
