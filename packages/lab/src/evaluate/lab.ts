import type { SourceLocation } from '@goqemu/core';
import type { Architecture, HostPort, MachineSpec, NetworkSpec, OpenProperty, Step, StepSettings } from '@goqemu/spec';
import type { IgnorableProperty } from '../definition/machine-options.ts';
import type { LayerLimits } from '../layer/layer-limits.ts';
import type { SecretSource } from '../value/secret-source.ts';
import type { Text } from '../value/text.ts';

/** What a lab's program described: plain data, each declaration with its place in the file. */
export interface Lab {
  readonly name: string;
  readonly stack: string;
  readonly labFile: string;
  readonly location: SourceLocation | undefined;
  readonly parameters: unknown;
  /** In the order of declaration; one depends only on those before it. */
  readonly machines: readonly MachineDeclaration[];
  /** In the order of declaration. */
  readonly networks: readonly NetworkDeclaration[];
  /** The architecture of machines that name none, and which do. */
  readonly usual: { readonly architecture: Architecture; readonly machines: readonly string[] };
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** How many layers without a name are kept. */
  readonly layerLimits: LayerLimits;
  /** What the program returned; late values are `{ "$text": [parts] }`. */
  readonly outputs: OutputValue;
  /** Host ports given out for the first time: another program may listen on them. */
  readonly freshPorts: readonly HostPort[];
  /** Names of networks whose range of addresses was chosen for the first time: the host may use it. */
  readonly freshRanges: readonly string[];
}

/** A value that a lab returns, as a plan has it: late ones are not known yet. */
export type OutputValue =
  | string
  | number
  | boolean
  | null
  | readonly OutputValue[]
  | { readonly $text: Text }
  | { readonly [name: string]: OutputValue };

/** A machine as the lab describes it: what is undefined follows from its image. */
export interface MachineDeclaration
  extends Omit<MachineSpec, OpenProperty>,
    Readonly<{ [K in OpenProperty]: MachineSpec[K] | undefined }> {
  readonly location: SourceLocation | undefined;
  readonly image: string;
  readonly from?: Dependency;
  /** Host ports that the lab itself names: taken is an error, not a reason to choose another. */
  readonly fixedPorts: readonly HostPort[];
  readonly steps: readonly StepDeclaration[];
  readonly checkpoints: readonly CheckpointDeclaration[];
  readonly after: readonly Dependency[];
  readonly protect: boolean;
  readonly retain: boolean;
  readonly ignoreChanges: readonly IgnorableProperty[];
  readonly renamedFrom: string | undefined;
}

/** A network as the lab describes it, with its range. */
export interface NetworkDeclaration {
  readonly spec: NetworkSpec;
  readonly location: SourceLocation | undefined;
}

/** What had been declared of a machine when it was referred to: its first `steps` own steps. */
export interface Dependency {
  readonly machine: string;
  readonly steps: number;
}

export interface CheckpointDeclaration {
  readonly name: string;
  /** Number of own steps below it. */
  readonly steps: number;
  readonly location: SourceLocation | undefined;
}

/** What the lab says of a step beside what it does. */
interface Declared {
  readonly location: SourceLocation | undefined;
  readonly cache: 'always' | 'never' | { readonly ttlMs: number };
  readonly after: readonly Dependency[];
}

/** Writes one file from a template; a `file` once the plan is made. */
interface RenderTemplate extends StepSettings<Text> {
  readonly kind: 'render';
  /** Absolute path on the host. */
  readonly template: string;
  readonly values: Readonly<Record<string, Text>>;
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
}

export type StepDeclaration = Declared & (Step<Text> | RenderTemplate);
