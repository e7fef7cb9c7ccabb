import type { Picture, ScreenArea } from './picture.ts';

/** When pictures are the same. */
export interface PictureRules {
  /** Parts that are not compared. */
  readonly masks: readonly ScreenArea[];
  /** So many pixels may differ. */
  readonly maxDifferentPixels: number;
  /** How far apart colours may be to count as equal, 0 to 1 (black and white). */
  readonly threshold: number;
}

/** How two pictures compare. */
export interface Comparison {
  readonly differentPixels: number;
  /** The picture, pale, with what differs in red; undefined where the sizes differ. */
  readonly difference?: Picture;
}

/** Each pixel that differs counts, those at the edges of letters as well: QEMU draws the same screen the same each time. */
export async function comparePictures(actual: Picture, expected: Picture, rules: PictureRules): Promise<Comparison> {
  const { width, height } = expected;
  if (actual.width !== width || actual.height !== height) return { differentPixels: Number.POSITIVE_INFINITY };
  const { default: pixelmatch } = await import('pixelmatch');
  const data = new Uint8Array(width * height * 4);
  const differentPixels = pixelmatch(actual.data, expected.data, data, width, height, {
    threshold: rules.threshold,
    includeAA: true,
    ignoreMask: maskOf(expected, rules.masks),
  });
  return { differentPixels, difference: { width, height, data } };
}

/** One byte for each pixel, not 0 where it is not compared. */
function maskOf({ width, height }: Picture, masks: readonly ScreenArea[]): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (const area of masks) {
    const [left, right] = [Math.floor(area.x), Math.min(width, Math.ceil(area.x + area.width))];
    for (let y = Math.floor(area.y); y < Math.min(height, Math.ceil(area.y + area.height)); y++)
      if (left < right) mask.fill(1, y * width + left, y * width + right);
  }
  return mask;
}
