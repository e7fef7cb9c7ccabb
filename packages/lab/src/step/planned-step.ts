import type { SecretSource } from '../value/secret-source.ts';
import type { WaitCondition } from './resolved-step.ts';

/** A text whose late parts name the layer that a captured value belongs to. */
export type PlannedText = readonly PlannedPart[];
export type PlannedPart =
  | string
  | { readonly capture: string; readonly quote: 'shell' | 'none' }
  | { readonly secret: string; readonly from: SecretSource; readonly quote: 'shell' | 'none' };

interface PlannedSettings {
  readonly name: string;
  readonly user: string;
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, PlannedText>>;
  readonly timeoutMs: number;
}

/** A step as a plan holds it: complete but for late values, which are filled in just before it runs. */
export type PlannedStep = PlannedSettings &
  (
    | {
        readonly kind: 'run';
        readonly script: PlannedText;
        readonly interpreter: string;
        readonly capture?: { readonly secret: boolean };
        readonly maxBytes?: number;
      }
    | {
        readonly kind: 'upload';
        readonly source: string;
        /** Of the content when the plan was made. */
        readonly digest: string;
        readonly destination: string;
        readonly mode?: number;
        readonly owner?: string;
      }
    | {
        readonly kind: 'file';
        readonly path: string;
        readonly contents: PlannedText;
        readonly mode: number;
        readonly owner: string;
      }
    | { readonly kind: 'waitFor'; readonly condition: WaitCondition }
  );
