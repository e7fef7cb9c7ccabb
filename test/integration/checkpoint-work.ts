/**
 * A process that cuts or restores one machine, or deletes all checkpoints but one, and is killed on the way: after as
 * many lines of the debug log as it is told. Ends with 0 when it came to the end before.
 */
import type { Logger } from '@goqemu/core';
import { CheckpointLab } from './checkpoint-lab.ts';

const [folder = '', work, key = '', lines = '0'] = process.argv.slice(2);
let left = Number(lines);
const logger: Logger = {
  log(_level, topic, message) {
    if (topic !== 'vm') return;
    left -= 1;
    if (left > 0) return;
    process.stdout.write(message);
    process.kill(process.pid, 'SIGKILL');
  },
};
const lab = await CheckpointLab.open({ folder, logger });
if (work === 'delete') await lab.collect([key]);
else if (work === 'restore') await (await lab.restore(key)).close();
else if (work === 'cut') {
  const { vm } = await lab.vm('web');
  await lab.cut(key, await vm.machine());
}
process.exit(0);
