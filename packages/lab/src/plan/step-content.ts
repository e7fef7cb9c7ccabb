import { basename } from 'node:path';
import type { GoqemuError } from '@goqemu/core';
import type { StepDeclaration } from '../evaluate/lab.ts';
import { labError } from '../evaluate/lab-error.ts';
import { hasCrlfLines, isCrlfScript } from '../step/crlf-lines.ts';
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
  /** What of it has lines that end in CRLF, and is a script: file names, and `''` for what the lab itself has. */
  readonly crlf?: readonly string[];
}

/** How texts and files of a step are read. */
export interface ContentReader {
  text(text: Text): ContentText;
  /** Of what an upload would copy. */
  digest(source: string, machine: string, step: StepDeclaration): Promise<UploadDigest>;
}

/** What a step of each kind is made of. */
export async function stepContent(machine: string, step: StepDeclaration, reader: ContentReader): Promise<StepContent> {
  const frame = frameOf(step, reader);
  switch (step.kind) {
    case 'run':
      return runContent(step, frame, reader);
    case 'upload':
      return uploadContent(machine, step, frame, reader);
    case 'file':
      return fileContent(step, frame, reader.text(step.contents));
    case 'render': {
      const contents = await renderTemplate(step.template, step.values, `${machine}/${step.name}`, step.location);
      return fileContent(step, frame, reader.text(contents));
    }
    case 'waitFor': {
      const { condition } = step;
      return {
        step: { ...frame.settings, kind: 'waitFor', condition },
        materials: [{ kind: 'waitFor', version: 1, ...frame.common, condition }],
        summary: { ...frame.shown, condition },
        places: frame.places,
      };
    }
    case 'reboot':
      return {
        step: { ...frame.settings, kind: 'reboot' },
        materials: [{ kind: 'reboot', version: 1 }],
        summary: frame.shown,
        places: frame.places,
      };
  }
}

type StepOf<Kind extends StepDeclaration['kind']> = Extract<StepDeclaration, { readonly kind: Kind }>;

/** What steps of all kinds have: to run, for the key, human-readable, and what they take from other machines. */
type StepFrame = ReturnType<typeof frameOf>;

function frameOf(step: StepDeclaration, reader: ContentReader) {
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
  return { settings, common, shown, places: environment.flatMap(([, text]) => text.places) };
}

function runContent(
  step: StepOf<'run'>,
  { settings, common, shown, places }: StepFrame,
  reader: ContentReader,
): StepContent {
  const script = reader.text(step.script);
  const { interpreter, capture, maxBytes } = step;
  const captured = capture ? { capture } : {};
  return {
    step: {
      ...settings,
      kind: 'run',
      script: script.planned,
      interpreter,
      ...captured,
      ...(maxBytes === undefined ? {} : { maxBytes }), // not in the key: it changes no value
    },
    materials: [{ kind: 'run', version: 1, ...common, script: script.material, interpreter, ...captured }],
    summary: { ...shown, script: script.preview, ...(interpreter === '/bin/sh' ? {} : { interpreter }) },
    places: [...places, ...script.places],
    ...(hasCrlfLines(knownText(script), interpreter) ? { crlf: [''] } : {}),
  };
}

/** What a text says without its late values. */
function knownText({ planned }: ContentText): string {
  return planned.filter((part) => typeof part === 'string').join('');
}

async function uploadContent(
  machine: string,
  step: StepOf<'upload'>,
  { settings, common, shown, places }: StepFrame,
  reader: ContentReader,
): Promise<StepContent> {
  const { content: digest, fileName, contentOfVersion1, crlf } = await reader.digest(step.source, machine, step);
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
    crlf,
  };
}

/** A file whose contents were written in the lab, or rendered from a template. */
function fileContent(
  { path, mode, owner, ...own }: StepOf<'file' | 'render'>,
  { settings, common, shown, places }: StepFrame,
  contents: ContentText,
): StepContent {
  const source = own.kind === 'render' ? basename(own.template) : '';
  return {
    step: { ...settings, kind: 'file', path, contents: contents.planned, mode, owner },
    materials: [{ kind: 'file', version: 1, ...common, path, contents: contents.material, mode, owner }],
    summary: { ...shown, path, contents: contents.preview, mode: `0o${mode.toString(8)}`, owner },
    places: [...places, ...contents.places],
    ...(isCrlfScript(path, knownText(contents)) ? { crlf: [source] } : {}),
  };
}

function modeOfFolder(machine: string, { name, location }: StepDeclaration): GoqemuError {
  const subject = `${machine}/${name}`;
  return labError('option-invalid', {
    message: `${subject}: what is uploaded is a folder, and mode is for a file`,
    location,
    hint: 'new folders and files get the modes that they have on this host',
    subject,
  });
}
