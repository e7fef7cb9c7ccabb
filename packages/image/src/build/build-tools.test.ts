import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { buildPackages, checkBuildTools } from './build-tools.ts';

test('every missing tool is named with its package and one command for all', async () => {
  const tools = [
    { file: 'sh', package: 'dash' },
    { file: 'no-such-tool', package: 'some-package' },
    { file: '/no/such/boot.img', package: 'grub-pc-bin' },
  ];
  await assert.rejects(
    checkBuildTools(1000, tools),
    (error) =>
      hasErrorCode(error, 'build-tool-missing') &&
      error.message.includes('no-such-tool (package some-package)') &&
      error.hint === 'run: sudo apt-get install --no-install-recommends some-package grub-pc-bin',
  );
});

test('what only other users need is not asked of root', async () => {
  const tools = [{ file: 'no-such-tool', package: 'some-package', rootless: true }];
  await checkBuildTools(0, tools);
  await assert.rejects(checkBuildTools(1000, tools));
  assert.equal(buildPackages(0).includes('fakeroot'), false);
  assert.equal(buildPackages(1000).includes('fakeroot'), true);
});
