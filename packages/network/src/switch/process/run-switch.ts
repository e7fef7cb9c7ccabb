import { hostPlatform } from '@goqemu/core';
import { SwitchProcess } from './switch-process.ts';

/** Makes this process the switch of a lab: it ends by a signal, on command, or when its folder is gone. */
export async function runSwitch({ folder, uuid }: { readonly folder: string; readonly uuid: string }): Promise<void> {
  const its = await SwitchProcess.start({
    folder,
    uuid,
    platform: hostPlatform(),
    log: (text) => void process.stderr.write(`${new Date().toISOString()} ${text}\n`),
    onEnd: () => process.exit(0),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void its.end(`by ${signal}`));
}
