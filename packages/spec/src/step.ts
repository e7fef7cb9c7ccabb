import type { WaitCondition } from './wait-condition.ts';

/** What every step says about how it runs. `Text` is a text as the lab declares it, as the plan holds it, or resolved. */
export interface StepSettings<Text> {
  /** Unique among the steps of its machine. */
  readonly name: string;
  /** The user who runs it. @default `root` */
  readonly user: string;
  /** Absolute path in the guest. @default the user's home */
  readonly workingDirectory?: string | undefined;
  readonly environment: Readonly<Record<string, Text>>;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** Runs a script. */
export interface RunScript<Text> extends StepSettings<Text> {
  readonly kind: 'run';
  readonly script: Text;
  /** Absolute path of the program that is given the script as a file. @default `/bin/sh` */
  readonly interpreter: string;
  /** Set where its standard output is a value that is kept (a lab's `capture`): it must be whole. */
  readonly capture?: { readonly secret: boolean } | undefined;
  /** Bytes that a captured value may have; in no layer key. @default 1 MiB @throws `capture-too-large` */
  readonly maxBytes?: number | undefined;
}

/** Copies a file or a folder from the host. */
export interface UploadPath<Text> extends StepSettings<Text> {
  readonly kind: 'upload';
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path in the guest. */
  readonly destination: string;
  /** Permission bits. @default those of the source */
  readonly mode?: number | undefined;
  /** `user` or `user:group`. */
  readonly owner?: string | undefined;
}

/** Writes one file. */
export interface WriteFile<Text> extends StepSettings<Text> {
  readonly kind: 'file';
  readonly path: string;
  readonly contents: Text;
  readonly mode: number;
  readonly owner: string;
}

/** Waits until the guest is in a condition. */
export interface WaitFor<Text> extends StepSettings<Text> {
  readonly kind: 'waitFor';
  readonly condition: WaitCondition;
}

/** Reboots the guest, and waits until it is ready again. */
export interface Reboot<Text> extends StepSettings<Text> {
  readonly kind: 'reboot';
}

/**
 * Each kind of step, once. The lab's `capture` is a `run` whose output is kept; its `render` becomes a `file` when
 * the plan is made.
 */
export interface StepKinds<Text> {
  readonly run: RunScript<Text>;
  readonly upload: UploadPath<Text>;
  readonly file: WriteFile<Text>;
  readonly waitFor: WaitFor<Text>;
  readonly reboot: Reboot<Text>;
}

/** Name of a kind of step. */
export type StepKind = keyof StepKinds<unknown>;
/** A step of a machine, whatever its kind; its texts are of type `Text`. */
export type Step<Text> = StepKinds<Text>[StepKind];

/** Stands for a text in the type below: no other property of a step has this type. */
export interface TextMark {
  readonly text: never;
}

/** Properties of a kind that are texts; the environment, which every kind has, is left out. */
export type TextOf<Kind extends StepKind> = {
  [Key in keyof StepKinds<TextMark>[Kind]]-?: TextMark extends StepKinds<TextMark>[Kind][Key] ? Key : never;
}[keyof StepKinds<TextMark>[Kind]];

export interface StepTraits<Kind extends StepKind> {
  /** False for a step that only looks: there is nothing to cut a layer for, and nothing to take back when it fails. */
  readonly changesDisk: boolean;
  /** Properties in which late values may stand: each of them. */
  readonly texts: Readonly<Record<TextOf<Kind>, true>>;
}

/** What the engine must know of each kind, beside its properties. */
export const stepTraits: { readonly [Kind in StepKind]: StepTraits<Kind> } = {
  run: { changesDisk: true, texts: { script: true } },
  upload: { changesDisk: true, texts: {} },
  file: { changesDisk: true, texts: { contents: true } },
  waitFor: { changesDisk: false, texts: {} },
  reboot: { changesDisk: true, texts: {} },
};
