import { errorMessage, GoqemuError } from '@goqemu/core';
import type { PNG } from 'pngjs';

/** A picture in memory: four bytes for each pixel, row by row: red, green, blue, opacity. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A part of a picture, in pixels from its upper left corner. */
export interface ScreenArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** @param what it is of, for messages @throws GoqemuError `picture-invalid` */
export async function readPng(png: Uint8Array, what: string): Promise<Picture> {
  const { default: pngjs } = await import('pngjs');
  try {
    return pngjs.PNG.sync.read(Buffer.from(png));
  } catch (error) {
    throw new GoqemuError({
      code: 'picture-invalid',
      source: 'user',
      subject: what,
      message: `${what} is no PNG that can be read: ${errorMessage(error)}`,
      hint: 'remove the file; the next run writes it again',
      cause: error,
    });
  }
}

export async function writePng(picture: Picture): Promise<Buffer> {
  const { default: pngjs } = await import('pngjs');
  return pngjs.PNG.sync.write(asPng(picture));
}

/** What pngjs reads of a picture. */
function asPng({ width, height, data }: Picture): PNG {
  return { width, height, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength), gamma: 0 } as PNG;
}
