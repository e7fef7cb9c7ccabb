import { join } from 'node:path';
import { hostProcessTable, type ProcessTable } from '../process/process-identity.ts';
import { folderNames } from './folder-names.ts';
import { removeTree } from './remove-and-replace.ts';

/**
 * Files and folders that are written under a temporary name before they are renamed carry their writer's number: `NAME.PID.HEX`,
 * some with `.tmp` behind. Removes those in a folder whose writer was killed before the rename.
 */
export async function removeAbandonedDrafts(
  folder: string,
  processes: ProcessTable = hostProcessTable(),
): Promise<void> {
  for (const name of await folderNames(folder)) {
    const pid = /\.(\d+)\.[0-9a-f]{8}(\.tmp)?$/.exec(name)?.[1];
    if (pid === undefined || (await processes.identify(Number(pid)))) continue;
    await removeTree(join(folder, name)); // another process may clean up, too
  }
}
