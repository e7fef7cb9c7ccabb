import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCopyEnd } from './cp.ts';

test('a path with a machine before it is distinguished from a local path', () => {
  assert.deepEqual(parseCopyEnd('web:/etc/hosts'), { machine: 'web', path: '/etc/hosts' });
  assert.deepEqual(parseCopyEnd('worker-1:file with spaces'), { machine: 'worker-1', path: 'file with spaces' });
  assert.deepEqual(parseCopyEnd('w:/x'), { machine: 'w', path: '/x' });
  assert.deepEqual(parseCopyEnd('web:'), { machine: 'web', path: '.' });
  assert.deepEqual(parseCopyEnd('./a:b'), { local: './a:b' });
  assert.deepEqual(parseCopyEnd('/tmp/a:b'), { local: '/tmp/a:b' });
  assert.deepEqual(parseCopyEnd('C:\\site'), { local: 'C:\\site' });
  assert.deepEqual(parseCopyEnd('site'), { local: 'site' });
});
