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
  const [first, ...more] = options.from.map((path) => resolve(workingFolder, path));
  if (first === undefined)
    throw usageError('codegen needs --from', 'for example: goqemu codegen --from ~/src/qemu-10.0');
  const from = more.length === 0 ? first : { sourceTrees: [first, ...more] };
  const files = await generateTypes({ from, signal });
  const folder = resolve(workingFolder, options.out ?? '.');
  for (const [name, content] of Object.entries(files)) {
    await writeFileAtomic(join(folder, name), content);
    context.print(`${join(options.out ?? '.', name)}\n`);
  }
  return exitCode.done;
}
