/** The program of a lab's switch: `switch-main FOLDER UUID`. It runs until it is ended, or its folder is gone. */
import { hostPlatform } from '@goqemu/core';
import { SwitchProcess } from './switch-process.ts';

const [folder, uuid] = process.argv.slice(2);
if (!folder || !uuid) {
  process.stderr.write('usage: switch-main FOLDER UUID\n');
  process.exitCode = 64;
} else {
  const log = (text: string) => void process.stderr.write(`${new Date().toISOString()} ${text}\n`);
  const its = await SwitchProcess.start({
    folder,
    uuid,
    platform: hostPlatform(),
    log,
    onEnd: () => process.exit(0),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void its.end(`by ${signal}`));
}
