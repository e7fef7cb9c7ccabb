import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GoqemuError, systemErrorCode, writeFileAtomic } from '@goqemu/core';
import { optionInvalid } from '../options/check-options.ts';
import { type Picture, readPng, writePng } from './picture.ts';
import { updateVariable } from './update-variable.ts';

/** Where the pictures of a test file are, beside it. */
const folderName = '__screenshots__';

/** What becomes of a picture that is missing, or that the screen does not match. */
export interface PicturePolicy {
  readonly update: boolean;
  readonly writeMissing: boolean;
}

/** What a screen must not look like has to be there. */
export const keepPictures: PicturePolicy = { update: false, writeMissing: false };

/** In CI, where the variable `CI` is set, what is written would be lost. */
export function picturePolicy(env: Readonly<Record<string, string | undefined>>): PicturePolicy {
  const update = Boolean(env[updateVariable]);
  return { update, writeMissing: update || !env.CI || env.CI === 'false' };
}

/** @throws GoqemuError `option-invalid` */
export function checkPictureName(what: string, name: unknown): string {
  if (typeof name === 'string' && /^[\p{L}\p{N}_][\p{L}\p{N} ._-]*\.png$/u.test(name) && name.length <= 100)
    return name;
  throw optionInvalid(what, 'name', 'the name of a PNG file, such as "login.png"', name);
}

/** A picture that a test keeps of how a screen should be. */
export class ExpectedPicture {
  readonly name: string;
  readonly path: string;

  /** @param testFile undefined where it is not known: then the folder is in the working folder */
  constructor(name: string, testFile: string | undefined) {
    this.name = name;
    this.path =
      testFile === undefined
        ? join(process.cwd(), folderName, name)
        : join(dirname(testFile), folderName, basename(testFile), name);
  }

  /** Undefined where there is none. @throws GoqemuError `picture-invalid` */
  async read(): Promise<Picture | undefined> {
    try {
      return await readPng(await readFile(this.path), this.path);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(picture: Picture): Promise<void> {
    await writeFileAtomic(this.path, await writePng(picture));
  }

  missing(): GoqemuError {
    return new GoqemuError({
      code: 'picture-missing',
      source: 'user',
      subject: this.name,
      message: `there is no picture to compare with: ${this.path}`,
      hint: 'run the test once where CI is not set, or with "goqemu test --update-images", and keep the file with the test',
    });
  }
}
