/** The program of a lab's switch, for a checkout: `switch-main FOLDER UUID`. */
import { runSwitch } from './run-switch.ts';

const [folder, uuid] = process.argv.slice(2);
if (folder && uuid) await runSwitch({ folder, uuid });
else {
  process.stderr.write('usage: switch-main FOLDER UUID\n');
  process.exitCode = 64;
}
