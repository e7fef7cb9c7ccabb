import { formatByteSize } from '@goqemu/core';
import type { ResolvedImage as StoreImage } from '@goqemu/image';
import type { ResolvedImage } from '@goqemu/lab';

/** What the plan needs to know about an image. */
export function describeImage(
  reference: string,
  image: Pick<
    StoreImage,
    'name' | 'cached' | 'how' | 'why' | 'key' | 'user' | 'source' | 'virtualSize' | 'damage' | 'room'
  >,
): ResolvedImage {
  const done = { cached: 'cached', download: 'to be downloaded', build: 'to be built here', import: 'to be imported' }[
    image.how
  ];
  return {
    reference,
    key: image.key ?? image.source,
    description: `${image.name}, ${done}${image.how === 'build' && image.why ? `: ${image.why}` : ''}`,
    ...(image.key?.startsWith('recipe:') ? { pin: image.source } : {}),
    present: image.cached,
    user: image.user,
    ...(image.virtualSize === undefined ? {} : { virtualSize: image.virtualSize }),
    notices: [...damageNotices(reference, image), ...roomNotices(reference, image)],
  };
}

type Notices = NonNullable<ResolvedImage['notices']>;

function damageNotices(reference: string, { damage }: Pick<StoreImage, 'damage'>): Notices {
  if (!damage) return [];
  return [
    {
      code: 'image-damaged',
      message: damage,
      hint: `it is fetched again before a machine is made from it; for machines that stand on it: goqemu image pull ${reference}`,
    },
  ];
}

function roomNotices(reference: string, { room }: Pick<StoreImage, 'room'>): Notices {
  if (!room || room.needed <= room.free) return [];
  return [
    {
      code: 'little-room',
      message: `a copy of ${reference} takes ${formatByteSize(room.needed)}, and ${formatByteSize(room.free)} are free for images`,
      hint: 'make room, or set GOQEMU_HOME to a folder on a larger disk',
    },
  ];
}
