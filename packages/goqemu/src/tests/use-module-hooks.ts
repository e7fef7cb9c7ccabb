import * as nodeModule from 'node:module';
import { load, resolve } from './module-hooks.ts';

/** Of Node.js 22.15 and newer: hooks in the same thread. */
type RegisterHooks = (hooks: { readonly resolve: unknown; readonly load: unknown }) => unknown;

/**
 * Has this process load test files in TypeScript.
 *
 * @param entry the module of the hooks, for a Node.js that loads it in a thread of its own
 */
export function useModuleHooks(entry: string): void {
  process.setSourceMapsEnabled(true); // places in reports are those of the user's files
  const { registerHooks } = nodeModule as { readonly registerHooks?: RegisterHooks };
  if (registerHooks) registerHooks({ resolve, load });
  else nodeModule.register(entry);
}
