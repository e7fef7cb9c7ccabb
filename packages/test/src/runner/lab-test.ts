import { relative } from 'node:path';
import { test as nodeTest, type TestContext } from 'node:test';
import { GoqemuError, parseDuration, scaledTimeout } from '@goqemu/core';
import { attachmentFolder } from './attachments.ts';
import { callAt, placeOfCall } from './place.ts';
import type { PrepareRun } from './run-prepared.ts';
import type { RunSettings } from './run-settings.ts';
import { runTest } from './run-test.ts';
import { step } from './steps.ts';
import type { LabTest, RegisterTest, TestBody, TestOptions } from './test-types.ts';

/** Node's own. */
const register: (name: string, options: object, body: (t: TestContext) => Promise<void>) => Promise<void> = nodeTest;

/** A way in which each test runs. */
export interface Variant<Fixtures> {
  /** Follows the name of the test: ` [image=debian-13]`; empty where there is one variant alone. */
  readonly suffix: string;
  readonly prepare: PrepareRun<Fixtures>;
}

/** A `test` each of whose tests runs in these variants. */
export function labTest<Fixtures>(variants: readonly Variant<Fixtures>[], settings: RunSettings): LabTest<Fixtures> {
  const variant = (preset: TestOptions): RegisterTest<Fixtures> => {
    function test(...args: unknown[]): Promise<void> {
      const { name, options, body } = readCall<Fixtures>(args);
      const place = placeOfCall(test);
      const read = readTestOptions({ ...options, ...preset }, settings);
      // The failure of one that is to be done counts nowhere.
      const records: RunSettings = read.node.todo ? { ...settings, trace: 'off' } : settings;
      const plan = {
        ...{ ...read.own, untilFails: settings.untilFails, records },
        ...{ file: place ? relative(process.cwd(), place.file) : 'test', place, body },
      };
      const runs = variants.flatMap(({ suffix, prepare }) =>
        Array.from({ length: settings.repeat }, (_, index) => {
          const title = `${name}${suffix}`;
          const repeated = settings.repeat > 1 ? `${title} [${index + 1}/${settings.repeat}]` : title;
          const attachments = attachmentFolder(settings.results, plan.file, title);
          const run = (t: TestContext) => runTest({ ...plan, name: title, attachments, prepare }, t);
          return callAt(place, register, repeated, read.node, run);
        }),
      );
      return Promise.all(runs).then(() => undefined);
    }
    return test;
  };
  return Object.assign(variant({}), {
    skip: variant({ skip: true }),
    only: variant({ only: true }),
    todo: variant({ todo: true }),
    step,
  });
}

function readCall<Fixtures>(args: readonly unknown[]) {
  const [name, second, third] = args;
  const [options, body] = typeof second === 'function' ? [{}, second] : [second ?? {}, third];
  if (typeof name !== 'string' || name === '')
    throw invalid(
      String(name),
      'its name must be a text that is not empty',
      "test('nginx answers', async ({ web }) => { … })",
    );
  if (typeof options !== 'object' || (typeof body !== 'function' && !isLeftOut(options as TestOptions)))
    throw invalid(name, 'what it does must be a function', `test(${JSON.stringify(name)}, async ({ web }) => { … })`);
  return { name, options: options as TestOptions, body: (body ?? (() => undefined)) as TestBody<Fixtures> };
}

/** One that need not have a body yet. */
function isLeftOut({ skip, todo }: TestOptions): boolean {
  return Boolean(skip) || Boolean(todo);
}

const known = new Set(['timeout', 'retries', 'only', 'skip', 'todo']);

function readTestOptions({ timeout, retries = undefined, ...others }: TestOptions, settings: RunSettings) {
  const unknown = Object.keys(others).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw invalid(unknown, `"${unknown}" is none of its options`, `its options are: ${[...known].join(', ')}`);
  const timeoutMs = timeout === undefined ? settings.timeoutMs : parseDuration(timeout, 'timeout');
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0 && retries <= 100))
    throw invalid('retries', `"retries" must be a whole number from 0 to 100, got ${String(retries)}`, 'retries: 2');
  return {
    own: { timeoutMs: scaledTimeout(timeoutMs, process.env), retries: retries ?? settings.retries },
    node: { ...others, timeout: Number.POSITIVE_INFINITY },
  };
}

function invalid(subject: string, message: string, hint: string): GoqemuError {
  return new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject,
    message: `test: ${message}`,
    hint: `write: ${hint}`,
  });
}
