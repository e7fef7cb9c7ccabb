/**
 * What a word completes to. A `machine` and a `checkpoint` are those that the state knows; a `base` is a machine or a
 * template; `network` is one of the lab; a `copy-end` is MACHINE:PATH or a file; a `topic` is what `goqemu help` takes.
 */
export type Completes =
  | 'file'
  | 'folder'
  | 'machine'
  | 'machine-or-file'
  | 'network'
  | 'network-or-machine'
  | 'base'
  | 'copy-end'
  | 'checkpoint'
  | 'stack'
  | 'topic';

/** An option of the command line, as help, completion and docs/cli.md show it. */
export type OptionSpec = {
  readonly summary: string;
  /** One letter. */
  readonly short?: string;
  /** What a word completes to; by default nothing special. */
  readonly completes?: Completes;
} & (
  | {
      readonly kind: 'flag';
      /** Values that may be glued on: `--color=never`. */
      readonly choices?: readonly string[];
    }
  | { readonly kind: 'text'; readonly value: string; readonly choices?: readonly string[] }
  | { readonly kind: 'number'; readonly value: string; readonly least: number; readonly most: number }
  /** May be repeated. */
  | { readonly kind: 'list'; readonly value: string }
);

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type OptionValue<Spec extends OptionSpec> = Spec extends { kind: 'flag'; choices: readonly string[] }
  ? boolean | string
  : Spec extends { kind: 'flag' }
    ? boolean
    : Spec extends { kind: 'number' }
      ? number | undefined
      : Spec extends { kind: 'list' }
        ? readonly string[]
        : string | undefined;

/** The values of a command's options, by name. */
export type OptionValues<Options extends OptionSpecs> = {
  readonly [Name in keyof Options]: OptionValue<Options[Name]>;
};

export interface PositionalSpec {
  /** In capitals: `MACHINE`. */
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  /** This one and all that follow. */
  readonly many?: boolean;
  readonly completes?: Completes;
  readonly choices?: readonly string[];
}

export interface CommandInput<Options extends OptionSpecs = OptionSpecs> {
  readonly options: OptionValues<Options>;
  readonly positionals: readonly string[];
  /** The command in the guest: everything after `--`, or what `splitWords` reads as one. */
  readonly rest: readonly string[];
  /** True when there was a `--`. */
  readonly separated: boolean;
}

/** A command as data: its words, and what help says of them. What it does is `RunnableCommand`'s. */
export interface CommandSpec<Options extends OptionSpecs = OptionSpecs> {
  /** `plan`, or two words: `checkpoint create`. */
  readonly name: string;
  readonly summary: string;
  /** Paragraphs for help and docs. */
  readonly description?: string;
  readonly positionals: readonly PositionalSpec[];
  /** The command in the guest, where there is one: after `--`, or after the machine. */
  readonly rest?: PositionalSpec;
  readonly options: Options;
  readonly examples: readonly { readonly command: string; readonly does: string }[];
}
