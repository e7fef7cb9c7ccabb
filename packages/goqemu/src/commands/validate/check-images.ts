import { changedError, isGoqemuError } from '@goqemu/core';
import { builtInCatalogue, parseImageReference } from '@goqemu/image';
import type { Lab } from '@goqemu/lab';

/**
 * Whether each image is one of the catalogue, or has the form of a URL or a path; nothing is downloaded.
 *
 * @throws GoqemuError `image-unknown`, `image-reference-invalid`, at the machine
 */
export function checkImages(lab: Lab): void {
  for (const { image, location } of lab.machines)
    try {
      parseImageReference(image, builtInCatalogue);
    } catch (error) {
      throw isGoqemuError(error) && location ? changedError(error, { location }) : error;
    }
}
