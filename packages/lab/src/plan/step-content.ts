import type { GoqemuError } from '@goqemu/core';
import type { StepDeclaration } from '../evaluate/lab.ts';
import { labError } from '../evaluate/lab-error.ts';
import type { PlannedStep, PlannedText } from '../step/planned-step.ts';
import type { UploadDigest } from '../step/upload-digest.ts';
import type { Text } from '../value/text.ts';
import { renderTemplate } from './render-template.ts';

/** After how many links of a machine's chain something is there. */
export interface ChainPlace {
  readonly machine: string;
  readonly index: number;
}

/** A text in three forms: to run, for the key, and human-readable. */
export interface ContentText {
  readonly planned: PlannedText;
  readonly material: readonly unknown[];
  readonly preview: string;
  /** What its late values come from. */
  readonly places: readonly ChainPlace[];
}

export type StepMaterial = Readonly<Record<string, unknown>> & { readonly version: number };

/** A step in three forms: to run, for the key, and human-readable. */
export interface StepContent {
  readonly step: PlannedStep;
  /**
   * Everything that changes the disk, and nothing else: by today's version of what the step does, and then by earlier
   * ones, which recorded machines may have behind them.
   */
  readonly materials: readonly [StepMaterial, ...StepMaterial[]];
  readonly summary: Record<string, unknown>;
  readonly places: readonly ChainPlace[];
}

/** How reader and files of a step are read. */
export interface ContentReader {
  text(text: Text): ContentText;
  /** Of what an upload would copy. */
  digest(source: string, machine: string, step: StepDeclaration): Promise<UploadDigest>;
}

/** What each kind of step comes to. */
export async function stepContent(machine: string, step: StepDeclaration, reader: ContentReader): Promise<StepContent> {
  const environment = Object.entries(step.environment).map(([name, text]) => [name, reader.text(text)] as const);
  const settings = {
    name: step.name,
    user: step.user,
    ...(step.workingDirectory === undefined ? {} : { workingDirectory: step.workingDirectory }),
    environment: Object.fromEntries(environment.map(([name, text]) => [name, text.planned])),
    timeoutMs: step.timeoutMs,
  };
  const common = {
    user: step.user,
    workingDirectory: step.workingDirectory,
    environment: Object.fromEntries(environment.map(([name, text]) => [name, text.material])),
  };
  const shown: Record<string, unknown> = {
    kind: step.kind === 'run' && step.capture ? 'capture' : step.kind,
    ...(step.user === 'root' ? {} : { user: step.user }),
    ...(step.workingDirectory === undefined ? {} : { workingDirectory: step.workingDirectory }),
    ...(environment.length === 0
      ? {}
      : { environment: Object.fromEntries(environment.map(([name, text]) => [name, text.preview])) }),
  };
  const places = environment.flatMap(([, text]) => text.places);
  switch (step.kind) {
    case 'run': {
      const script = reader.text(step.script);
      const { interpreter, capture, maxBytes } = step;
      return {
        step: {
          ...settings,
          kind: 'run',
          script: script.planned,
          interpreter,
          ...(capture ? { capture } : {}),
          ...(maxBytes === undefined ? {} : { maxBytes }), // not in the key: it changes no value
        },
        materials: [
          {
            kind: 'run',
            version: 1,
            ...common,
            script: script.material,
            interpreter,
            ...(capture ? { capture } : {}),
          },
        ],
        summary: { ...shown, script: script.preview, ...(interpreter === '/bin/sh' ? {} : { interpreter }) },
        places: [...places, ...script.places],
      };
    }
    case 'upload': {
      const { content: digest, fileName, contentOfVersion1 } = await reader.digest(step.source, machine, step);
      const { source, destination, mode, owner } = step;
      if (fileName === undefined && mode !== undefined) throw modeOfFolder(machine, step);
      const rest = { destination, mode, owner };
      const optional = { ...(mode === undefined ? {} : { mode }), ...(owner === undefined ? {} : { owner }) };
      return {
        step: { ...settings, kind: 'upload', source, digest, destination, ...optional },
        materials: [
          { kind: 'upload', version: 2, ...common, digest, fileName, ...rest },
          { kind: 'upload', version: 1, ...common, digest: contentOfVersion1, ...rest },
        ],
        summary: { ...shown, content: digest.slice(0, 12), destination, ...optional },
        places,
      };
    }
    case 'file':
    case 'render': {
      const contents =
        step.kind === 'file'
          ? reader.text(step.contents)
          : reader.text(await renderTemplate(step.template, step.values, `${machine}/${step.name}`, step.location));
      const { path, mode, owner } = step;
      return {
        step: { ...settings, kind: 'file', path, contents: contents.planned, mode, owner },
        materials: [{ kind: 'file', version: 1, ...common, path, contents: contents.material, mode, owner }],
        summary: { ...shown, path, contents: contents.preview, mode: `0o${mode.toString(8)}`, owner },
        places: [...places, ...contents.places],
      };
    }
    case 'waitFor': {
      const { condition } = step;
      return {
        step: { ...settings, kind: 'waitFor', condition },
        materials: [{ kind: 'waitFor', version: 1, ...common, condition }],
        summary: { ...shown, condition },
        places,
      };
    }
    case 'reboot':
      return {
        step: { ...settings, kind: 'reboot' },
        materials: [{ kind: 'reboot', version: 1 }],
        summary: shown,
        places,
      };
  }
}

function modeOfFolder(machine: string, { name, location }: StepDeclaration): GoqemuError {
  const subject = `${machine}/${name}`;
  return labError(
    'option-invalid',
    `${subject}: what is uploaded is a folder, and mode is for a file`,
    location,
    'new folders and files get the modes that they have on this host',
    subject,
  );
}
