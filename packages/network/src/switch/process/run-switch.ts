import { hostPlatform } from '@goqemu/core';
import { SwitchProcess } from './switch-process.ts';

/** Makes this process the switch of a lab: it ends by a signal, on command, or when its folder is gone. */
export async function runSwitch({ folder, uuid }: { readonly folder: string; readonly uuid: string }): Promise<void> {
  const starting = SwitchProcess.start({
    folder,
    uuid,
    platform: hostPlatform(),
    log: (text) => void process.stderr.write(`${new Date().toISOString()} ${text}\n`),
    onEnd: () => process.exit(0),
  });
  // Before its record is there, by which others know whom to signal.
  const endBy = (signal: string) => starting.then((its) => its.end(`by ${signal}`)).catch(() => undefined);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void endBy(signal));
  await starting;
}
