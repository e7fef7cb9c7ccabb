import { hasErrorCode, removeFile } from '@goqemu/core';
import { isKept, keptBytes } from '@goqemu/test/process';
import { openDeployedLab } from '../lab/open-lab.ts';
import { eventLog } from '../render/event-log.ts';
import type { CommandContext } from '../shell/command-context.ts';
import type { FoundTrace } from './trace-folder.ts';

/** Milliseconds to wait for another command on the lab. */
const lockWaitMs = 60_000;

/**
 * Removes what a trace keeps of its machines, then its file.
 *
 * @returns bytes of the disk that its checkpoint took
 * @throws GoqemuError `locked`; then nothing of it is removed
 */
export async function removeTrace(context: CommandContext, { path, record }: FoundTrace): Promise<number> {
  const { lab, evidence, actions } = record;
  let bytes = 0;
  if (lab && evidence && isKept(evidence.place)) {
    const { place } = evidence;
    const before = actions.flatMap((action) => (action.before && isKept(action.before) ? [action.before] : []));
    try {
      await using opened = await openDeployedLab(
        context,
        { lab: lab.file, stack: place.stack },
        eventLog(context.logger).handle,
      );
      if (place.ownStack) await opened.engine.removeFork({ lockWaitMs });
      else
        for (const { checkpoint } of [...before, place])
          await opened.engine.deleteCheckpoint(checkpoint, { signal: context.shell.interrupt });
      bytes = keptBytes(record);
    } catch (error) {
      // Gone with the lab, or by another command: then the file is all that is left.
      if (!hasErrorCode(error, 'lab-missing') && !hasErrorCode(error, 'checkpoint-unknown')) throw error;
    }
  }
  await removeFile(path);
  return bytes;
}
