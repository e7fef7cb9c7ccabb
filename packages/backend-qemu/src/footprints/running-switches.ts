import { hostProcessTable } from '@goqemu/core';
import { hostCommandLines } from '@goqemu/machine';
import { findSwitch } from '@goqemu/network';
import { switchUuid } from '../networks/lab-switch.ts';

/** The process that carries the networks of a lab, by its command line. */
export interface RunningSwitch {
  readonly pid: number;
  readonly folder: string;
  readonly uuid: string;
  /** The folder of goqemu that its lab is in: `GOQEMU_HOME`. */
  readonly home: string;
  readonly lab: string;
  readonly lineage: string;
}

/** `FOLDER UUID HOME/labs/LAB-LINEAGE`, the last words of its command line. */
const words = / (\/.*?) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (\/.*)\/labs\/([^/]+)-([0-9a-f]{12})$/;

/** What the arguments of a process say that it is; undefined where they are not those of a switch. */
export function switchOf(pid: number, argv: readonly string[]): RunningSwitch | undefined {
  const [, folder, uuid, home, lab, lineage] = words.exec(argv.slice(1).join(' ')) ?? [];
  if (!folder || !uuid || !home || !lab || !lineage || uuid !== switchUuid(lineage)) return undefined;
  return { pid, folder, uuid, home, lab, lineage };
}

/** Every switch of a folder of goqemu's that runs: one whose own record names that process. */
export async function runningSwitches(home: string): Promise<readonly RunningSwitch[]> {
  const commandLines = hostCommandLines();
  const running: RunningSwitch[] = [];
  for (const pid of await commandLines.containing('/labs/')) {
    const one = switchOf(pid, (await commandLines.of(pid)) ?? []);
    if (one?.home !== home) continue;
    const record = await findSwitch(one.folder, one.uuid, { processes: hostProcessTable() });
    if (record?.pid === pid) running.push(one);
  }
  return running;
}
