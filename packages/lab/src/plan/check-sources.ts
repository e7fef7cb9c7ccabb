import type { Lab } from '../evaluate/lab.ts';
import { uploadDigest } from '../step/upload-digest.ts';
import { previewText } from '../value/text.ts';
import { sourceUnreadable } from './render-template.ts';
import { type ContentReader, stepContent } from './step-content.ts';

/**
 * Reads what the steps of a lab take from this host (files to upload, templates to render), as a plan does, without a
 * state and without a backend.
 *
 * @throws GoqemuError `source-unreadable`, `template-value-missing`, at the step
 */
export async function checkSources(lab: Lab): Promise<void> {
  const reader: ContentReader = {
    text: (text) => ({ planned: [], material: [], preview: previewText(text), places: [] }),
    digest: (source, machine, step) =>
      uploadDigest(source).catch((error: unknown) => {
        throw sourceUnreadable(source, `${machine}/${step.name}`, error, step.location);
      }),
  };
  for (const machine of lab.machines) for (const step of machine.steps) await stepContent(machine.name, step, reader);
}
