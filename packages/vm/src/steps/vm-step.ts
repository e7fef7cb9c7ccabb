import type { GuestCondition } from '@goqemu/guest';

interface Settings {
  readonly name: string;
  readonly user: string;
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** What can be done to a running guest. */
export type VmStep =
  | (Settings & {
      readonly kind: 'run';
      readonly script: string;
      readonly interpreter: string;
      /** Its output is a value that others use: it must be whole. */
      readonly captured?: boolean;
      /** Bytes that a captured value may have; default 1 MiB. */
      readonly maxBytes?: number;
    })
  | (Settings & {
      readonly kind: 'upload';
      readonly source: string;
      readonly destination: string;
      readonly mode?: number;
      readonly owner?: string;
    })
  | (Settings & {
      readonly kind: 'file';
      readonly path: string;
      readonly contents: string;
      readonly mode: number;
      readonly owner: string;
    })
  | (Settings & { readonly kind: 'waitFor'; readonly condition: GuestCondition });
