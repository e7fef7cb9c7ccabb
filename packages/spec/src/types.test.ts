import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesDisk } from './changes-disk.ts';
import { mapStepTexts } from './map-step-texts.ts';
import type { Step, StepKind, stepTraits } from './step.ts';

test('a kind of step that a table leaves out does not compile', () => {
  // @ts-expect-error reboot is missing
  const forgotten = { run: 1, upload: 1, file: 1, waitFor: 1 } satisfies Record<StepKind, number>;
  assert.ok(forgotten);
});

test('a step that only looks changes no disk; every other one, and a machine without a step, does', () => {
  assert.equal(changesDisk({ kind: 'waitFor' }), false);
  for (const kind of ['run', 'upload', 'file', 'reboot'] as const) assert.equal(changesDisk({ kind }), true);
  assert.equal(changesDisk(undefined), true);
});

test('a text of a step that its traits leave out does not compile', () => {
  // @ts-expect-error contents is missing
  const forgotten: (typeof stepTraits)['file'] = { changesDisk: true, texts: {} };
  assert.ok(forgotten);
});

test('mapping the texts of a step leaves everything else as it is', async () => {
  const settings = { name: 'conf', user: 'root', environment: { MODE: ['fast'] }, timeoutMs: 1000 };
  const step: Step<readonly string[]> = {
    ...settings,
    kind: 'file',
    path: '/etc/conf',
    contents: ['a', 'b'],
    mode: 0o644,
    owner: 'root:root',
  };
  const joined: Step<string> = await mapStepTexts(step, async (parts) => parts.join('+'));
  assert.deepEqual(joined, { ...step, environment: { MODE: 'fast' }, contents: 'a+b' });
});
