import { statSync } from 'node:fs';
import { basename, join, posix, resolve } from 'node:path';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { reachMachine } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CpOptions } from './cp.spec.ts';

/** One side of a copy. */
export type CopyEnd = { readonly machine: string; readonly path: string } | { readonly local: string };

export async function run(context: CommandContext, { options, positionals }: CommandInput<CpOptions>): Promise<number> {
  const [from, to] = [parseCopyEnd(positionals[0] ?? ''), parseCopyEnd(positionals[1] ?? '')];
  const remote = 'machine' in from ? from : 'machine' in to ? to : undefined;
  if (!remote || ('machine' in from && 'machine' in to))
    throw usageError(
      'one side of the copy is in a machine, the other is here',
      'write, for example, goqemu cp ./site web:/var/tmp/site',
    );
  const { workingFolder, interrupt: signal } = context.shell;
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const { endpoints } = await reachMachine(context, lab, remote.machine);
  await using session = await endpoints.openSession();
  if ('local' in from) {
    const source = resolve(workingFolder, from.local);
    // Into a folder, as cp(1) does it, where the destination says that it is one.
    const destination = remote.path.endsWith('/') ? posix.join(remote.path, basename(source)) : remote.path;
    await session.upload(source, destination, { signal });
  } else if ('local' in to) {
    const named = resolve(workingFolder, to.local);
    const into = statSync(named, { throwIfNoEntry: false })?.isDirectory();
    await session.download(remote.path, into ? join(named, posix.basename(remote.path)) : named, { signal });
  }
  return exitCode.done;
}

/** `web:/etc/hosts` is in a machine; `./a:b`, `/a:b` and `C:\a` are here. */
export function parseCopyEnd(text: string): CopyEnd {
  const [, machine, path] = /^([A-Za-z0-9][A-Za-z0-9-]+|[A-Za-z0-9](?=:[^\\]))?:(.*)$/s.exec(text) ?? [];
  if (machine === undefined || path === undefined) return { local: text };
  return { machine, path: path === '' ? '.' : path };
}
