import type { CommandInput } from '../../arguments/command-spec.ts';
import { openImageStore } from '../../host/image-store.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import { table } from '../../render/table.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { ImageListOptions } from './image.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<ImageListOptions>): Promise<number> {
  const store = openImageStore(context);
  const images = await store.list();
  const names = new Set(images.map((image) => image.name));
  const others = options.all ? store.catalogue().filter((entry) => !names.has(entry.name)) : [];
  if (options.json) {
    context.printJson({
      version: 1,
      images,
      ...(options.all ? { catalogue: store.catalogue().map(({ name, title }) => ({ name, title })) } : {}),
    });
    return exitCode.done;
  }
  if (images.length === 0 && others.length === 0) {
    context.print('No image is cached; a lab fetches what it needs. See the catalogue with: goqemu image list --all\n');
    return exitCode.done;
  }
  context.print(
    table(
      ['IMAGE', 'ARCH', 'SIZE', 'ORIGIN', 'DIGEST', 'LAST USED'],
      [
        ...images.map((image) => [
          context.style.bold(image.name),
          image.arch,
          roundedSize(image.size),
          image.origin,
          image.digest.replace(/^[a-z0-9]+:/, '').slice(0, 12),
          image.lastUsedAt.slice(0, 10),
        ]),
        ...others.map((entry) => [entry.name, '-', '-', 'not cached', '-', '-']),
      ],
      context.style,
    ),
  );
  return exitCode.done;
}
