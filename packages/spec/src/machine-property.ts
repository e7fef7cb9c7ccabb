import type { Architecture } from './architecture.ts';
import type { Rule } from './machine-rules.ts';
import type { MachineSpec } from './machine-spec.ts';

/** How the option that sets a property is written, and what its value must be. */
export type OptionValue<T> =
  /** One of these words. */
  | { readonly kind: 'choice'; readonly values: readonly T[] }
  /** `true` or `false`. */
  | { readonly kind: 'flag' }
  /** A size with its unit, or a number of bytes. */
  | ({ readonly kind: 'size' } & Rule<T>)
  | ({ readonly kind: 'number' } & Rule<T>)
  | ({ readonly kind: 'text' } & Rule<T>)
  /** Several values of the machine are made from it, by rules of their own. */
  | { readonly kind: 'compound' };

/** What sets a property, in a lab and for a `QemuVM`. */
export interface PropertyOption<T> {
  readonly name: string;
  readonly value: OptionValue<T>;
  /**
   * The value without the option; undefined where it follows from the image or is made by goqemu. Of the architecture
   * it is the one given: that of the place where the machine runs.
   */
  readonly default: T | ((machine: { readonly arch: Architecture }) => T) | undefined;
  /** Without the option, the value is open until the image is known. */
  readonly open: boolean;
  /** What `ignoreChanges` keeps of the recorded value; null where it may not name the option. */
  readonly ignored: 'recorded' | ((declared: T, recorded: T) => T) | null;
  /** A machine that is in no lab takes it, too. */
  readonly standalone: boolean;
  /** For the tables of docs/lab.md and docs/sdk.md, in Markdown; `type` where the kind of `value` does not say it. */
  readonly docs: { readonly type?: string; readonly default: string; readonly about: string };
}

/** All that is said of one property of a machine. No member has a default: one that is forgotten does not compile. */
export interface MachineProperty<T> {
  /** Null for what goqemu decides. */
  readonly option: PropertyOption<T> | null;
  /** A machine with `from` has the base's and takes no option, has the base's by default, or has its own. */
  readonly derived: 'fixed' | 'default' | 'own';
  /** What a change of it in the lab does to a machine that is there. */
  readonly change: 'live' | 'restart' | 'recreate' | 'none';
  /**
   * Its place in the key of a machine that is ready, or null. Places never change, or no layer of an earlier build is
   * found; a further property in the key changes every key.
   */
  readonly baseKey: number | null;
  /** Its place in the shape of a machine's RAM, or null. Places never change: states hold the shape. */
  readonly ramShape: number | null;
  /** A look at a running machine tells it: what it has may be older than what is recorded. */
  readonly observed: boolean;
  /**
   * A machine that is imported must have the lab's value (`equal`), and what it has is recorded, too (`measured`); it is
   * compared by rules of its own (`own`); or it is not seen (null).
   */
  readonly imported: 'equal' | 'measured' | 'own' | null;
  /** The plan that creates a machine names it. */
  readonly namedWhenMade: boolean;
  /** The rows that plans show of it, by name; null for one row of the property's own name. */
  readonly show:
    | ((
        value: T,
        machine: Partial<Pick<MachineSpec, 'identity' | 'network' | 'wayOut'>>,
      ) => Readonly<Record<string, unknown>>)
    | null;
}
