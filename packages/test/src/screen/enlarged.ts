import type { Picture } from './picture.ts';

/** A picture in grey: one byte for each pixel, row by row. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/**
 * Letters of a console are 16 pixels high, and OCR is best at about three times that. Measured with Tesseract 5.3 on a text
 * console of 720 × 400 and on UEFI's of 1280 × 800: smoothed, and dark on light, is read best.
 */
export const enlargement = 3;

/** Pixels around it: letters at the edge of a screen are misread without. */
export const margin = 30;

/** A picture of a screen for OCR: larger, smoothed, grey, and dark on light. */
export function enlarged(picture: Picture): GreyPicture {
  const grey = darkOnLight(greyOf(picture));
  const columns = placesIn(picture.width);
  const rows = placesIn(picture.height);
  const width = columns.length + 2 * margin;
  const larger = new Uint8Array(width * (rows.length + 2 * margin)).fill(255);
  for (const [line, { before: above, after: below, share: down }] of rows.entries()) {
    const [top, bottom] = [above * picture.width, below * picture.width];
    let at = (line + margin) * width + margin;
    for (const { before, after, share } of columns) {
      const upper = (grey[top + before] ?? 0) * (1 - share) + (grey[top + after] ?? 0) * share;
      const lower = (grey[bottom + before] ?? 0) * (1 - share) + (grey[bottom + after] ?? 0) * share;
      larger[at++] = Math.round(upper * (1 - down) + lower * down);
    }
  }
  return { width, height: rows.length + 2 * margin, grey: larger };
}

/** Between which pixels of a row or column those of the larger picture are, and how far from the first. */
function placesIn(
  length: number,
): readonly { readonly before: number; readonly after: number; readonly share: number }[] {
  return Array.from({ length: length * enlargement }, (_, larger) => {
    const place = Math.min(length - 1, Math.max(0, (larger + 0.5) / enlargement - 0.5));
    const before = Math.floor(place);
    return { before, after: Math.min(length - 1, before + 1), share: place - before };
  });
}

/** Luma of ITU-R BT.601. */
function greyOf({ width, height, data }: Picture): Uint8Array {
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at++)
    grey[at] = Math.round(
      0.299 * (data[4 * at] ?? 0) + 0.587 * (data[4 * at + 1] ?? 0) + 0.114 * (data[4 * at + 2] ?? 0),
    );
  return grey;
}

function darkOnLight(grey: Uint8Array): Uint8Array {
  let sum = 0;
  for (const value of grey) sum += value;
  return sum / grey.length < 128 ? grey.map((value) => 255 - value) : grey;
}
