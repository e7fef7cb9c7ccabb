/** `node --import` this: what every process of a `goqemu test` does first. */
import { runSettingsVariable } from '@goqemu/test/process';
import { followParent } from './tests/follow-parent.ts';
import { useModuleHooks } from './tests/use-module-hooks.ts';

if (process.env[runSettingsVariable] !== undefined) {
  useModuleHooks(
    new URL(import.meta.url.endsWith('.ts') ? './test-hooks.ts' : './test-hooks.js', import.meta.url).href,
  );
  followParent();
}
