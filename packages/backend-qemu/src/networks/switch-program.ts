import { fileURLToPath } from 'node:url';

/** What follows is the module with `runSwitch`; the switch's folder and uuid come after it. */
const script =
  'const [module, folder, uuid] = process.argv.slice(1); await (await import(module)).runSwitch({ folder, uuid });';

/** How the process of a switch is started: from a file of its own in the published package, from its source in a checkout. */
export function switchProgram(): readonly [string, ...string[]] {
  const evaluate = ['--input-type=module', '-e', script] as const;
  if (!fileURLToPath(import.meta.url).endsWith('.ts'))
    return [process.execPath, ...evaluate, new URL('./run-switch.js', import.meta.url).href];
  const source = new URL('../../../network/src/switch/process/run-switch.ts', import.meta.url).href;
  return [process.execPath, '--import', import.meta.resolve('tsx'), ...evaluate, source];
}
