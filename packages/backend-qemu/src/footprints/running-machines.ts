import { basename } from 'node:path';
import { hostCommandLines, ownRuntimeFolder } from '@goqemu/machine';

/** A QEMU of goqemu's, by the disk that it was started with. */
export interface RunningMachine {
  readonly pid: number;
  /** The folder of goqemu that the disk is in: `GOQEMU_HOME`. */
  readonly home: string;
  readonly lab: string;
  readonly lineage: string;
  readonly name: string;
}

/** `HOME/labs/LAB-LINEAGE/MACHINE/disk-N.qcow2`, as a JSON option of QEMU's names it. */
const disk = /"([^"]+)\/labs\/([^/"]+)-([0-9a-f]{12})\/([^/"]+)\/disk-\d+\.qcow2"/;

/** Every QEMU of a lab on this host, of any user; those of others are seen where the host shows them. */
export async function runningMachines(): Promise<readonly RunningMachine[]> {
  const commandLines = hostCommandLines();
  const running: RunningMachine[] = [];
  for (const pid of await commandLines.containing('/labs/')) {
    const argv = (await commandLines.of(pid)) ?? [];
    const [program = '', ...args] = argv;
    // Another QEMU, or one of its tools, may have the disk open too.
    if (!/qemu/.test(basename(program)) || (await ownRuntimeFolder(argv)) === undefined) continue;
    const [, home, lab, lineage, name] = disk.exec(args.join(' ')) ?? [];
    if (home && lab && lineage && name) running.push({ pid, home, lab, lineage, name });
  }
  return running;
}
