import type { CachedImage, ImageProgress, ImageStore } from '@goqemu/image';
import type { Architecture, BackendCall, ResolvedImage } from '@goqemu/lab';
import { toQemuArchitecture } from '@goqemu/spec';
import { describeImage } from './describe-image.ts';

/** Downloads, builds or imports an image that is not in the store. */
export async function fetchImage(
  images: ImageStore,
  { reference }: ResolvedImage,
  arch: Architecture,
  call: BackendCall,
): Promise<ResolvedImage> {
  const ready = await images.ensure(reference, {
    arch: toQemuArchitecture(arch),
    signal: call.signal,
    onProgress: tellImageProgress(reference, call),
  });
  return describeImage(reference, { ...ready, cached: true, how: 'cached' });
}

/** The image that a disk is laid over. */
export function presentImage(
  images: ImageStore,
  { reference }: ResolvedImage,
  arch: Architecture,
  call: BackendCall,
): Promise<CachedImage> {
  return images.ensure(reference, { arch: toQemuArchitecture(arch), signal: call.signal });
}

/** The progress of an image, as stages and transfers of the operation that needs it. */
function tellImageProgress(reference: string, call: BackendCall): (progress: ImageProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'download':
      case 'copy':
        call.progress({
          kind: 'transfer',
          what: reference,
          done: progress.bytes,
          ...(progress.total === undefined ? {} : { total: progress.total }),
        });
        break;
      case 'choose':
        if (progress.how === 'build')
          call.progress({
            kind: 'notice',
            code: 'image-built',
            message: `${reference} is built on this host from ${progress.source}${progress.why ? `: ${progress.why}` : ''}`,
          });
        break;
      case 'build':
        call.progress({ kind: 'stage', stage: progress.message, status: 'started' });
        break;
      case 'damaged':
        call.progress({ kind: 'notice', code: 'image-damaged', message: progress.message });
        break;
      case 'wait':
        call.progress({ kind: 'notice', code: 'image-waits', message: progress.message });
        break;
    }
  };
}
