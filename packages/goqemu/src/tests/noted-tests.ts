import { placeOfCall } from '@goqemu/test/process';
import type { CollectedTest } from './collected-file.ts';

/** The tests that have been registered since they were last taken. */
let noted: CollectedTest[] = [];
/** Names of the suites that are being described. */
let suites: readonly string[] = [];

/** Takes the tests that were noted. */
export function takeNotedTests(): readonly CollectedTest[] {
  const taken = noted;
  noted = [];
  return taken;
}

type Mode = CollectedTest['mode'];

function note(preset: Mode) {
  return function noteTest(...args: unknown[]): Promise<void> {
    const { name, mode } = readCall(args, preset);
    noted.push({ path: [...suites, name], line: placeOfCall(noteTest)?.line, mode });
    return Promise.resolve();
  };
}

function noteSuite(preset: Mode) {
  return (...args: unknown[]): Promise<void> => {
    const { name, mode, body } = readCall(args, preset);
    const around = suites;
    const first = noted.length;
    suites = [...around, name];
    try {
      body?.();
    } finally {
      suites = around;
    }
    if (mode) noted = noted.map((one, index) => (index < first ? one : { ...one, mode: one.mode ?? mode }));
    return Promise.resolve();
  };
}

/** As `node:test` reads its arguments: a name, options and a function, each of which may be left out. */
function readCall(args: readonly unknown[], preset: Mode) {
  const name = typeof args[0] === 'string' ? args[0] : undefined;
  const body = args.find((one) => typeof one === 'function') as (() => unknown) | undefined;
  const options = (args.find((one) => typeof one === 'object' && one !== null) ?? {}) as Record<string, unknown>;
  const mode = preset ?? (['skip', 'todo', 'only'] as const).find((key) => Boolean(options[key]));
  return { name: name ?? (body?.name || '<anonymous>'), mode, body };
}

const hook = (): void => undefined;

export const test = Object.assign(note(undefined), { only: note('only'), skip: note('skip'), todo: note('todo') });
export const describe = Object.assign(noteSuite(undefined), {
  only: noteSuite('only'),
  skip: noteSuite('skip'),
  todo: noteSuite('todo'),
});
export { hook as after, hook as afterEach, hook as before, hook as beforeEach };
