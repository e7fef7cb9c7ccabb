import { lstatSync } from 'node:fs';
import { hasErrorCode, isGoqemuError, removeFile } from '@goqemu/core';
import { traceSuffix } from '@goqemu/test/process';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { pruneTraces } from '../../traces/prune-traces.ts';
import { removeTrace } from '../../traces/remove-trace.ts';
import { type FoundTrace, findTrace, readTraces, tracesFolder } from '../../traces/trace-folder.ts';
import type { TraceDeleteOptions } from './trace.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<TraceDeleteOptions>,
): Promise<number> {
  const { workingFolder } = context.shell;
  const folder = tracesFolder(workingFolder, options['trace-dir']);
  const ways = [positionals.length > 0, Boolean(options.all), options.keep !== undefined].filter(Boolean).length;
  if (ways !== 1) throw usageError('which traces?', 'name some, or write --all, or --keep N');
  if (positionals.length === 0) {
    const { removed, bytes } = await pruneTraces(context, { folder, keep: options.keep ?? 0 });
    const damaged = options.all
      ? (await readTraces(folder)).broken.map(damagedFile).filter((path) => path !== undefined)
      : [];
    for (const path of damaged) await removeDamaged(context, path);
    context.print(deletedText(removed.length + damaged.length, bytes));
    return exitCode.done;
  }
  const found: (FoundTrace | { readonly damaged: string })[] = [];
  for (const name of positionals) found.push(await findOrDamaged(name, folder, workingFolder));
  let bytes = 0;
  for (const trace of found)
    if ('damaged' in trace) await removeDamaged(context, trace.damaged);
    else bytes += await removeTrace(context, trace);
  context.print(deletedText(found.length, bytes));
  return exitCode.done;
}

/** One that cannot be read is removed as well, when it is named as traces are. */
async function findOrDamaged(
  name: string,
  folder: string,
  workingFolder: string,
): Promise<FoundTrace | { readonly damaged: string }> {
  try {
    return await findTrace(name, folder, workingFolder);
  } catch (error) {
    const damaged = damagedFile({ error });
    if (damaged === undefined) throw error;
    return { damaged };
  }
}

/** Its path; undefined for what a newer goqemu has written, which may keep machines, and for a folder in its place. */
function damagedFile({ error }: { readonly error: unknown }): string | undefined {
  if (!isGoqemuError(error) || !hasErrorCode(error, 'trace-invalid')) return undefined;
  const { subject = '' } = error;
  return subject.endsWith(traceSuffix) && lstatSync(subject).isFile() ? subject : undefined;
}

async function removeDamaged(context: CommandContext, path: string): Promise<void> {
  await removeFile(path);
  context.tell(
    `${path} did not say which machines it kept: "goqemu checkpoint list" shows what is called "failed: …", and the forks`,
  );
}

function deletedText(count: number, bytes: number): string {
  return `deleted ${count} ${count === 1 ? 'trace' : 'traces'}, ${roundedSize(bytes)} of machines\n`;
}
