import { basename, dirname } from 'node:path';
import { folderNames, GoqemuError } from '@goqemu/core';

/**
 * A stack or a lab whose folder would differ from one that is there in upper and lower case alone. On Windows and macOS the two
 * are one folder, and a lab that was made where they are two could not be taken there.
 *
 * @param stateFolder `LAB/STACK` below `.goqemu`
 * @throws GoqemuError `name-invalid`
 */
export async function refuseCaseTwin(stateFolder: string): Promise<void> {
  for (const [what, folder] of [
    ['stack', stateFolder],
    ['lab', dirname(stateFolder)],
  ] as const) {
    const name = basename(folder);
    const names = await folderNames(dirname(folder));
    const twin = names.includes(name) ? undefined : names.find((one) => one.toLowerCase() === name.toLowerCase());
    if (twin === undefined) continue;
    throw new GoqemuError({
      code: 'name-invalid',
      source: 'user',
      subject: name,
      message: `there is a ${what} "${twin}" here already, and "${name}" differs from it in upper and lower case alone`,
      detail: 'on Windows and macOS the two would be one folder',
      hint: `write "${twin}" for that ${what}, or choose another name`,
    });
  }
}
