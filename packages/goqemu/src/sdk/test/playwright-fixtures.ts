import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { LabDefinition } from '@goqemu/lab';
import type { Fixtures, TestInfo } from '@playwright/test';
import type { RunnerFixtures, RunnerLabOptions } from './runner-fixtures.ts';
import { runnerLab } from './runner-lab.ts';

/** Milliseconds in which a test's machines are prepared and taken away: not part of the test's own time. */
const preparingMs = 60 * 60_000;

type Given = Readonly<Record<string, unknown>>;

/**
 * Fixtures for Playwright's `test.extend`: the lab, its machines and networks, as each test finds them at a checkpoint. The
 * lab is applied before the first test; the tests of several workers run side by side on forks of their own.
 *
 * @param name the fixture that holds the lab
 * @throws GoqemuError `option-invalid`
 * @example
 * import { test as base } from '@playwright/test';
 * import { expect, labFixtures } from 'goqemu/playwright';
 * import lab from './lab.ts';
 *
 * const test = base.extend(labFixtures('lab', lab, { at: 'ready', machines: ['web'] }));
 * test('the page is served', async ({ web, page }) => {
 *   await expect(web.unit('nginx')).toBeActive();
 *   const { http } = await web.forwards();
 *   await page.goto(`http://127.0.0.1:${http}/`);
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
): Fixtures<RunnerFixtures<Name, Definition, Machines, Networks>> {
  const { give, fixtures } = runnerLab(name, lab, options as RunnerLabOptions, 'goqemu-traces');
  // Playwright reads in the text of a function which fixtures it uses, and takes an empty pattern for none.
  // biome-ignore lint/correctness/noEmptyPattern: as said
  const whole = async ({}, use: (all: Given) => Promise<void>, info: TestInfo) =>
    give(
      {
        ...{ name: info.titlePath.slice(1).join(' > '), file: info.file, line: info.line, attempt: info.retry + 1 },
        attachments: info.outputDir,
        note: (text, file) => note(info, text, file),
        failure: () => failureOf(info),
      },
      use,
    );
  const one =
    (fixture: string) =>
    async ({ goqemu }: { readonly goqemu: Given }, use: (value: unknown) => Promise<void>) =>
      use(goqemu[fixture]);
  return {
    goqemu: [whole, { scope: 'test', timeout: preparingMs }],
    ...Object.fromEntries(fixtures.map((fixture) => [fixture, one(fixture)])),
  } as never;
}

/** In every report, and of a file where it lies. */
function note(info: TestInfo, text: string, file: string | undefined): void {
  info.annotations.push({ type: 'goqemu', description: text });
  if (file !== undefined) info.attachments.push({ name: basename(file), path: file, contentType: 'text/plain' });
}

function failureOf({ status, expectedStatus, error }: TestInfo): Error | undefined {
  if (status === expectedStatus || (status !== 'failed' && status !== 'timedOut')) return undefined;
  const message = stripVTControlCharacters(error?.message ?? 'the test failed');
  return Object.assign(new Error(message), { stack: stripVTControlCharacters(error?.stack ?? '') });
}
