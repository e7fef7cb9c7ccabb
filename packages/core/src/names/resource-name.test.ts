import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkResourceName, isResourceName } from './resource-name.ts';

test('names are labels of host names, and folders on every host', () => {
  for (const name of ['web', 'web-1', 'A', 'console', 'com', 'com10', 'nul1', 'x'.repeat(63)])
    assert.equal(checkResourceName(name, 'vm'), name);
  for (const name of ['', 'a b', 'a.', 'a ', '-a', 'a-', 'a/b', 'ä', 'x'.repeat(64), 1])
    assert.ok(!isResourceName(name));
});

test('what Windows takes for a device is refused on every host, in any case', () => {
  for (const name of ['con', 'PRN', 'aux', 'Nul', 'com0', 'COM9', 'lpt1'])
    assert.throws(() => checkResourceName(name, 'vm'), { code: 'name-invalid', message: /a device of Windows/ });
});
