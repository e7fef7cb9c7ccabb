import type { CommandInput } from '../../arguments/command-spec.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import { deleteCachedImage } from '../../sdk/vm/image/cached-images.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { ImagePlainOptions } from './image.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<ImagePlainOptions>,
): Promise<number> {
  const { shell, logger } = context;
  const removed = await deleteCachedImage(positionals[0] ?? '', { platform: shell.platform, logger });
  if (options.json) context.printJson({ version: 1, removed });
  else for (const image of removed) context.print(`removed ${image.name} (${roundedSize(image.size)})\n`);
  return exitCode.done;
}
