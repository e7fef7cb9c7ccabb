/** `node --import` this: what every process of a `goqemu test` does first. */
import { runSettingsVariable } from '@goqemu/test/process';
import { followRunner } from './tests/follow-parent.ts';
import { ownFile } from './tests/own-file.ts';
import { useModuleHooks } from './tests/use-module-hooks.ts';

if (process.env[runSettingsVariable] !== undefined) {
  useModuleHooks(ownFile('test-hooks'));
  if (process.env.NODE_TEST_CONTEXT !== undefined) followRunner();
}
