import { type BaseMaterial, baseKey, type SeedVersion, stepKey } from '../layer/layer-key.ts';

/** What a key of a layer is made of: enough to work it out again when the image under it is known. */
export type KeyOrigin = { readonly key: string } & (
  | {
      readonly base: BaseMaterial;
      readonly seed: SeedVersion;
      /** The row of the image, as in lab.lock.json. */
      readonly image: string;
      /** The lab leaves the size of the disk open. */
      readonly isDiskOpen: boolean;
    }
  | { readonly below: string; readonly material: unknown; readonly dependsOn: readonly string[] }
);

/**
 * What a plan must know of the keys in it that are provisional, for the content of an image that is not here is not known.
 * Applying the plan fetches the images and puts the real keys in their place.
 */
export interface ProvisionalKeys {
  /** Rows of lab.lock.json, as far as the lock does not hold them already. */
  readonly images: readonly { readonly name: string; readonly pins: boolean }[];
  /** Each after those that it is made of. */
  readonly keys: readonly KeyOrigin[];
}

/** Notes what keys are made of while a plan is made. */
export class KeyNotes {
  readonly #noted: KeyOrigin[] = [];

  base(origin: Omit<Extract<KeyOrigin, { readonly base: BaseMaterial }>, 'key'>): string {
    const key = baseKey(origin.base, origin.seed);
    this.#noted.push({ key, ...origin });
    return key;
  }

  step(below: string, material: unknown, dependsOn: readonly string[]): string {
    const key = stepKey(below, material, dependsOn);
    this.#noted.push({ key, below, material, dependsOn });
    return key;
  }

  /** The keys that hang on these images, directly or through what is below them or what they depend on. */
  above(images: ReadonlySet<string>): readonly KeyOrigin[] {
    const found = new Map<string, KeyOrigin>();
    for (const one of this.#noted) {
      const hangs =
        'base' in one
          ? images.has(one.image)
          : found.has(one.below) || [...stringsIn([one.material, one.dependsOn])].some((text) => found.has(text));
      if (hangs) found.set(one.key, one);
    }
    return [...found.values()];
  }
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) yield* stringsIn(one);
}
