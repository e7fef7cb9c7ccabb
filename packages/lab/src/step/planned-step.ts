import type { Step, UploadPath } from '@goqemu/spec';
import type { SecretSource } from '../value/secret-source.ts';

/** A text whose late parts name the layer that a captured value belongs to. */
export type PlannedText = readonly PlannedPart[];
export type PlannedPart =
  | string
  | { readonly capture: string; readonly quote: 'shell' | 'none' }
  | { readonly secret: string; readonly from: SecretSource; readonly quote: 'shell' | 'none' };

export interface PlannedUpload extends UploadPath<PlannedText> {
  /** Of the content when the plan was made. */
  readonly digest: string;
}

/** A step as a plan holds it: complete but for late values, which are filled in just before it runs. */
export type PlannedStep = Exclude<Step<PlannedText>, { kind: 'upload' }> | PlannedUpload;
