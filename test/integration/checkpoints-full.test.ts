import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { onOwnMounts } from './own-mounts.ts';

const worker = fileURLToPath(new URL('checkpoint-on-full.ts', import.meta.url));

test('a checkpoint that a disk has no room for is refused before the machine stops', async () => {
  const said = await onOwnMounts({ home: '48m', memory: '512m' }, worker, 'refused');
  assert.match(said, /no-room: .*nothing was stopped.*the machine runs/);
});

test('a disk that fills up in the middle of the cut costs the checkpoint, and the machine keeps running', async () => {
  const said = await onOwnMounts({ home: '48m', memory: '512m' }, worker, 'filled');
  assert.match(said, /no-room: .*the machine runs and is whole/);
});

test('a memory that is full costs the checkpoint that was to be kept there, and the machine keeps running', async () => {
  const said = await onOwnMounts({ home: '512m', memory: '24m' }, worker, 'memory');
  assert.match(said, /no-room: .*the machine runs and is whole/);
});
