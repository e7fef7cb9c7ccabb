import assert from 'node:assert/strict';
import test from 'node:test';
import { changesDisk } from './changes-disk.ts';
import type { StepKind } from './step.ts';

test('a kind of step that a table leaves out does not compile', () => {
  // @ts-expect-error waitFor is missing
  const forgotten = { run: 1, upload: 1, file: 1 } satisfies Record<StepKind, number>;
  assert.ok(forgotten);
});

test('a step that only looks changes no disk; every other one, and a machine without a step, does', () => {
  assert.equal(changesDisk({ kind: 'waitFor' }), false);
  for (const kind of ['run', 'upload', 'file'] as const) assert.equal(changesDisk({ kind }), true);
  assert.equal(changesDisk(undefined), true);
});
