import { isGoqemuError } from '@goqemu/core';
import type { MachineSpec } from '@goqemu/spec';
import type { Preflight, ResolvedImage } from '../backend/backend.ts';
import type { MachineDeclaration } from '../evaluate/lab.ts';
import { withLocation } from '../evaluate/lab-error.ts';
import { type ImagePin, type LabLock, pinName, pinOf } from '../lock/lab-lock.ts';
import type { PlanInput } from '../resource/plan-input.ts';
import type { MachineOperation } from './machine-operation.ts';
import type { Plan, PlanNotice } from './plan.ts';
import type { PlanContext } from './plan-context.ts';
import type { KeyNotes } from './provisional-keys.ts';

export interface DesiredImage {
  readonly resolved: ResolvedImage;
  /** What enters keys: the pinned image where there is one. */
  readonly key: string;
  readonly pin: ImagePin | undefined;
  /** The name stands for another image than the pinned one; of an absent image that shows once it is fetched. */
  readonly moved: boolean;
  readonly arch: MachineSpec['arch'];
}

export async function resolveImages(input: PlanInput): Promise<ReadonlyMap<string, DesiredImage>> {
  const wanted = new Map<string, MachineDeclaration>();
  for (const machine of input.lab?.machines ?? []) {
    const name = pinName(machine.image, machine.arch);
    if (!wanted.has(name)) wanted.set(name, machine);
  }
  const entries = await Promise.all(
    [...wanted].map(async ([name, machine]): Promise<[string, DesiredImage]> => {
      const resolved = await input.backend
        .resolveImage(machine.image, machine.arch, input.call)
        .catch((error: unknown) => {
          throw isGoqemuError(error) && !error.location && machine.location
            ? withLocation(error, machine.location)
            : error;
        });
      const pin = input.lock.images[name];
      const differs = pin !== undefined && pin.key !== pinOf(resolved);
      const key = differs ? pin.key : resolved.key;
      return [name, { resolved, key, pin, moved: differs && resolved.present, arch: machine.arch }];
    }),
  );
  return new Map(entries);
}

/** An image that has moved on can only be used where a layer of the pinned one is cached. */
export function imageProblems(context: PlanContext, images: ReadonlyMap<string, DesiredImage>): readonly Preflight[] {
  const moved = [...images.values()].filter((image) => image.moved);
  return moved.flatMap((image): Preflight[] => {
    const needed = context.operations.find(
      ({ work }) =>
        work.verb === 'make' && !work.resume && 'image' in work.origin && work.origin.image.key === image.key,
    );
    if (!needed) return [];
    return [
      {
        severity: 'error',
        code: 'image-moved',
        machine: needed.resource.name,
        message: `${needed.resource.name} needs the image ${image.resolved.reference} that lab.lock.json pins, but that name resolves to another one now`,
        hint: 'goqemu lock --update updates the lab to the current image and shows the difference',
      },
    ];
  });
}

export function lockNotices(images: ReadonlyMap<string, DesiredImage>): readonly PlanNotice[] {
  return [...images.values()]
    .filter((image) => image.moved)
    .map((image) => ({
      code: 'image-moved',
      message: `${image.resolved.reference} resolves to another image than the one in lab.lock.json: ${image.pin?.description} then, ${image.resolved.description} now`,
      hint: 'goqemu lock --update updates the lab to it',
    }));
}

export function newPins(images: ReadonlyMap<string, DesiredImage>, lock: LabLock): Readonly<Record<string, ImagePin>> {
  return Object.fromEntries(
    [...images].flatMap(([name, { resolved }]) =>
      lock.images[name] || !resolved.present
        ? []
        : [[name, { key: pinOf(resolved), description: resolved.description }]],
    ),
  );
}

export function imageNotices(images: ReadonlyMap<string, DesiredImage>): readonly PlanNotice[] {
  return [...images.values()].flatMap(({ resolved }) => resolved.notices ?? []);
}

/** What a plan keeps of keys that are not the last word, as long as an operation starts from an image that is not here. */
export function provisionalKeys(
  operations: readonly MachineOperation[],
  images: ReadonlyMap<string, DesiredImage>,
  keys: KeyNotes,
): Pick<Plan, 'provisional'> {
  const needed = new Set(
    operations.flatMap(({ work }) =>
      work.verb === 'make' && !work.resume && 'image' in work.origin
        ? [pinName(work.origin.image.reference, work.spec.arch)]
        : [],
    ),
  );
  // A key that lab.lock.json pins is what is wanted, here or not: an image that turns out to have another is refused.
  const absent = [...images].filter(
    ([name, { resolved, key }]) => needed.has(name) && !resolved.present && key === resolved.key,
  );
  if (absent.length === 0) return {};
  return {
    provisional: {
      images: absent.map(([name, { pin }]) => ({ name, pins: pin === undefined })),
      keys: keys.above(new Set(absent.map(([name]) => name))),
    },
  };
}
