import { join, resolve } from 'node:path';
import { writeFileAtomic } from '@goqemu/core';
import { generateTypes } from '@goqemu/protocol';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CodegenOptions } from './codegen.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<CodegenOptions>): Promise<number> {
  const { workingFolder, interrupt: signal } = context.shell;
  const { source, monitor } = options;
  if ((source.length === 0) === (monitor === undefined))
    throw usageError('codegen needs either --source or --monitor', 'for example: goqemu codegen --source ~/src/qemu');
  const from =
    monitor === undefined
      ? { sourceTrees: source.map((folder) => resolve(workingFolder, folder)) }
      : { monitor: { path: resolve(workingFolder, monitor) } };
  const files = await generateTypes({ from, signal });
  const folder = resolve(workingFolder, options.out ?? '.');
  for (const [name, content] of Object.entries(files)) {
    await writeFileAtomic(join(folder, name), content);
    context.print(`${join(options.out ?? '.', name)}\n`);
  }
  return exitCode.done;
}
