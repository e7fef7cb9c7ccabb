import { GoqemuError } from '@goqemu/core';
import type { LabDefinition } from '@goqemu/lab';
import type { RunnerFixtures, RunnerLabOptions } from './runner-fixtures.ts';
import { runnerLab } from './runner-lab.ts';

/** Fixtures as `test.extend` of Vitest takes them. */
export type VitestFixtures<Fixtures> = {
  [Name in keyof Fixtures]: (context: object, use: (fixture: Fixtures[Name]) => Promise<void>) => Promise<void>;
};

/** A test of Vitest, as far as it is looked at. */
interface VitestTask {
  readonly name: string;
  readonly suite?: VitestSuite;
  readonly file: VitestSuite & { readonly filepath: string };
  readonly location?: { readonly line: number };
  /** Whether it is expected to fail. */
  readonly fails?: boolean;
  readonly result?: {
    readonly state: string;
    readonly retryCount?: number;
    readonly errors?: readonly VitestError[];
  };
}

interface VitestSuite {
  readonly name: string;
  readonly suite?: VitestSuite;
}

/** An error as Vitest keeps it. */
interface VitestError {
  readonly message?: string;
  readonly stack?: string;
  readonly code?: unknown;
  readonly goqemuCode?: unknown;
}

interface VitestContext {
  readonly task: VitestTask;
  readonly signal?: AbortSignal;
  readonly goqemu: Readonly<Record<string, unknown>>;
}

/**
 * Fixtures for Vitest's `test.extend`: the lab, its machines and networks, as each test finds them at a checkpoint. The lab is
 * applied before the first test; tests of several files, and concurrent ones, run side by side on forks of their own.
 *
 * @param name the fixture that holds the lab
 * @throws GoqemuError `option-invalid`
 * @example
 * import { test as base } from 'vitest';
 * import { expect, labFixtures } from 'goqemu/vitest';
 * import lab from './lab.ts';
 *
 * const test = base.extend(labFixtures('lab', lab, { at: 'ready', machines: ['web'] }));
 * test('nginx comes back', async ({ web }) => {
 *   await web.exec('systemctl restart nginx', { sudo: true, check: true });
 *   await expect(web.unit('nginx')).toBeActive();
 * });
 */
export function labFixtures<
  const Name extends string,
  Definition extends LabDefinition,
  const Machines extends string = never,
  const Networks extends string = string,
>(
  name: Name,
  lab: Definition,
  options: RunnerLabOptions<Definition, Machines, Networks> = {},
): VitestFixtures<RunnerFixtures<Name, Definition, Machines, Networks>> {
  checkRealm();
  const { give, fixtures } = runnerLab(name, lab, options as RunnerLabOptions, 'test-results/traces');
  // Vitest reads in the text of a function which fixtures it uses.
  const whole = async ({ task, signal }: VitestContext, use: (all: VitestContext['goqemu']) => Promise<void>) =>
    give(
      {
        ...{ name: fullName(task), file: task.file.filepath, attempt: (task.result?.retryCount ?? 0) + 1 },
        ...(task.location ? { line: task.location.line } : {}),
        ...(signal ? { signal } : {}),
        // biome-ignore lint/suspicious/noConsole: Vitest shows it with the name of the test, in whatever reporter
        note: (text) => console.error(text),
        failure: () => failureOf(task),
      },
      use,
    );
  const one =
    (fixture: string) =>
    async ({ goqemu }: VitestContext, use: (value: unknown) => Promise<void>) =>
      use(goqemu[fixture]);
  return { goqemu: whole, ...Object.fromEntries(fixtures.map((fixture) => [fixture, one(fixture)])) } as never;
}

/** Before Node.js 24 a context of `node:vm` has no symbol by which objects are disposed of. */
function checkRealm(): void {
  if ('asyncDispose' in Symbol) return;
  throw new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject: 'labFixtures',
    message: "labFixtures: in Vitest's pools vmThreads and vmForks this Node.js has no Symbol.asyncDispose",
    hint: "use the pool 'forks' or 'threads', or Node.js 24",
  });
}

function fullName(task: VitestTask): string {
  const names = [task.name];
  for (let suite = task.suite; suite && suite !== task.file; suite = suite.suite) names.unshift(suite.name);
  return names.join(' > ');
}

function failureOf({ result, fails }: VitestTask): Error | undefined {
  if (result?.state !== 'fail' || fails) return undefined;
  const { message = 'the test failed', stack = '', code, goqemuCode } = result.errors?.at(-1) ?? {};
  return Object.assign(new Error(message), { stack, code, goqemuCode });
}
