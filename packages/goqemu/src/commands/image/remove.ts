import type { CommandInput } from '../../arguments/command-spec.ts';
import { openImageStore, usersOfImage } from '../../host/image-store.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { ImagePlainOptions } from './image.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<ImagePlainOptions>,
): Promise<number> {
  const removed = await openImageStore(context).remove(positionals[0] ?? '', {
    usedBy: (image) => usersOfImage(context, image),
  });
  if (options.json) context.printJson({ version: 1, removed });
  else for (const image of removed) context.print(`removed ${image.name} (${roundedSize(image.size)})\n`);
  return exitCode.done;
}
