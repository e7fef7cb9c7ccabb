import type { EngineContext } from '../engine-context/engine-context.ts';
import type { Lab } from '../evaluate/lab.ts';
import { type ImagePin, pinName, pinOf, readLabLock, writeLabLock } from './lab-lock.ts';

/** A row of lab.lock.json that differs from what the lab resolves to today. */
export interface LockChange {
  /** `debian-12 (amd64)`. */
  readonly image: string;
  readonly before?: ImagePin;
  readonly after?: ImagePin;
}

/** Compares lab.lock.json with today's images and, when asked to, moves it on. */
export async function updateLock(
  context: EngineContext,
  lab: Lab,
  options: { readonly update: boolean; readonly signal?: AbortSignal },
): Promise<readonly LockChange[]> {
  const lock = await readLabLock(context.storage);
  const { state } = await context.read();
  const call = context.plainCall(state.lineage, 'images', options.signal);
  const wanted = new Map(lab.machines.map((machine) => [pinName(machine.image, machine.arch), machine]));
  const images: Record<string, ImagePin> = {};
  for (const [name, machine] of wanted) {
    const image = await context.backend.resolveImage(machine.image, machine.arch, call);
    images[name] = { key: pinOf(image), description: image.description };
  }
  const names = [...new Set([...Object.keys(lock.images), ...Object.keys(images)])].sort();
  const changes = names.flatMap((image): LockChange[] => {
    const before = lock.images[image];
    const after = images[image];
    if (before?.key === after?.key) return [];
    return [{ image, ...(before ? { before } : {}), ...(after ? { after } : {}) }];
  });
  if (options.update && changes.length > 0)
    await writeLabLock(context.storage, { version: 1, architecture: lab.usual.architecture, images });
  return changes;
}
