import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckpointReport } from '@goqemu/lab';
import { renderCheckpoints } from './render-checkpoints.ts';
import { plainStyle } from './style.ts';

function checkpoint(id: string, parent: string | null): CheckpointReport {
  return {
    version: 1,
    id,
    descriptions: [`name of ${id}`, 'web'],
    createdAt: '2026-01-02T03:04:05.678Z',
    parent,
    contents: ['disk', 'ram'],
    bytes: 1.5 * 2 ** 30,
    origin: 'taken',
    machines: [{ name: 'web', layer: 'l' }],
    forks: [],
  };
}

test('checkpoints are a tree, one whose parent is gone is a root', () => {
  const lines = renderCheckpoints(
    [checkpoint('a', null), checkpoint('b', 'a'), checkpoint('c', 'b'), checkpoint('d', 'a'), checkpoint('e', 'gone')],
    plainStyle,
  ).split('\n');
  assert.deepEqual(
    lines.map((line) => line.split('  name')[0]),
    ['a', '├─ b', '│  └─ c', '└─ d', 'e', ''],
  );
  assert.equal(lines[0], 'a  name of a (web)  web · disk+ram · 1.5 GiB · 2026-01-02 03:04:05');
});

test('a checkpoint whose layers are gone says so', () => {
  const gone = { ...checkpoint('a', null), contents: [], bytes: 0, createdAt: '' } as const;
  assert.equal(renderCheckpoints([gone], plainStyle), 'a  name of a (web)  web · files are missing\n');
});

test('a parent that names a descendant does not hang the list', () => {
  assert.equal(renderCheckpoints([checkpoint('a', 'b'), checkpoint('b', 'a')], plainStyle).includes('b'), false);
});
