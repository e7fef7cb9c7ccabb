import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtWork, isWorkMark, workMark } from './working-process.ts';

test('a process is at work by its mark, and another one that has its pid by now is not', async () => {
  const mark = await workMark('cutting');
  assert.match(mark, new RegExp(`^cutting-${process.pid}-[0-9a-f]{8}$`));
  assert.ok(await isAtWork(mark, 'cutting'));
  assert.ok(!(await isAtWork(`cutting-${process.pid}-00000000`, 'cutting')));
  assert.ok(!(await isAtWork('cutting-4194305-00000000', 'cutting')));
});

test('a mark of an earlier version is known by its pid', async () => {
  assert.ok(await isAtWork(`cutting-${process.pid}`, 'cutting'));
  assert.ok(!(await isAtWork('cutting-4194305', 'cutting')));
});

test('other names are no marks', async () => {
  for (const name of ['manifest.json', 'ram-0123abcd', `rebasing-${process.pid}-0123abcd`]) {
    assert.ok(!isWorkMark(name, 'cutting'));
    assert.ok(!(await isAtWork(name, 'cutting')));
  }
});
