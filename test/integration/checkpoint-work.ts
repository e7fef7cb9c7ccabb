/**
 * A process that does one thing to a lab and is killed on the way: `checkpoint-work.ts FOLDER VERB KEY LINES`, after as
 * many lines of the debug log. Ends with 0 when it came to the end before.
 */
import { CheckpointLab } from './checkpoint-lab.ts';
import { Stages, type VerbName, verbs } from './checkpoint-verbs.ts';

const [folder = '', verb = '', key = '', lines = '0'] = process.argv.slice(2);
const logger = new Stages();
logger.after(Number(lines), (stage) => {
  process.stdout.write(stage);
  process.kill(process.pid, 'SIGKILL');
});
await verbs[verb as VerbName](await CheckpointLab.open({ folder, logger }), key);
process.exit(0);
