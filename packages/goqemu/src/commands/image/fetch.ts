import { hostArchitecture, qemuArchitectures, toQemuArchitecture } from '@goqemu/spec';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { openImageStore } from '../../host/image-store.ts';
import { imageProgress } from '../../render/image-progress.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CommandModule } from '../../shell/runnable-command.ts';
import type { ImageFetchOptions } from './image.spec.ts';

export const pull: CommandModule<ImageFetchOptions> = { run: (context, input) => fetchImage('pull', context, input) };
export const build: CommandModule<ImageFetchOptions> = { run: (context, input) => fetchImage('build', context, input) };

async function fetchImage(
  how: 'pull' | 'build',
  context: CommandContext,
  { options, positionals }: CommandInput<ImageFetchOptions>,
): Promise<number> {
  const store = openImageStore(context);
  const usual = toQemuArchitecture(hostArchitecture(context.shell.platform.arch));
  const progress = imageProgress(context);
  try {
    const image = await store[how](positionals[0] ?? '', {
      arch: qemuArchitectures.find((name) => name === options.arch) ?? usual,
      signal: context.shell.interrupt,
      onProgress: progress.onProgress,
    });
    progress.end();
    if (options.json) context.printJson({ version: 1, image });
    else context.print(`${image.name}  ${image.how}  ${roundedSize(image.size)}  ${image.path}\n`);
    return exitCode.done;
  } finally {
    progress.end();
  }
}
