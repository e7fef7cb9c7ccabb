/** A script that forks the lab in its working folder, and then does nothing until it is killed. */
import { openLab } from 'goqemu';

const lab = await openLab();
const { stack } = await lab.fork('ready', { name: 'left' });
process.stdout.write(`${stack}\n`);
setInterval(() => undefined, 60_000);
