import type { CommandInput } from '../../arguments/command-spec.ts';
import { openImageStore } from '../../host/image-store.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { ImagePlainOptions } from './image.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<ImagePlainOptions>,
): Promise<number> {
  const results = await openImageStore(context).verify(positionals[0], { signal: context.shell.interrupt });
  const { style } = context;
  if (options.json) context.printJson({ version: 1, images: results });
  else if (results.length === 0) context.print('No image is cached.\n');
  else
    for (const { name, file, ok, found } of results)
      context.print(
        ok
          ? `${style.green('✔')} ${name}  ${file}\n`
          : `${style.red('✖')} ${name}  ${file}: ${found === undefined ? 'the file is gone' : 'its content has changed'}; fetch it again with: goqemu image pull ${name}\n`,
      );
  return results.every((result) => result.ok) ? exitCode.done : exitCode.failed;
}
