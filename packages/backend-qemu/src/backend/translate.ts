import type { GuestArch, ImageProgress, ResolvedImage as StoreImage } from '@goqemu/image';
import type { Architecture, BackendCall, ResolvedImage } from '@goqemu/lab';
import type { VmCall } from '@goqemu/vm';

/** The image layer uses the kernel's names. */
export function architectureOfImages(arch: Architecture): GuestArch {
  return arch === 'amd64' ? 'x86_64' : 'aarch64';
}

export function vmCall(call: BackendCall): VmCall {
  return { signal: call.signal, onProgress: call.progress };
}

/** What the plan needs to know about an image. */
export function describeImage(
  reference: string,
  image: Pick<StoreImage, 'name' | 'cached' | 'how' | 'why' | 'key' | 'user' | 'source'>,
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
  };
}

/** The progress of an image, as stages and transfers of the operation that needs it. */
export function tellImageProgress(reference: string, call: BackendCall): (progress: ImageProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'download':
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
      case 'wait':
        call.progress({ kind: 'notice', code: 'image-waits', message: progress.message });
        break;
    }
  };
}
