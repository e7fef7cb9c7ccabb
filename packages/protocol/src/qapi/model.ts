/** A QAPI schema (QEMU docs/devel/qapi-code-gen) as data, without its prose. */
export interface QapiSchema {
  /** The version of the QEMU that it belongs to, such as `7.2.0`. */
  readonly version: string;
  /** By name, in the order of the schema. */
  readonly definitions: ReadonlyMap<string, Definition>;
}

export type Definition =
  | EnumDefinition
  | StructDefinition
  | UnionDefinition
  | AlternateDefinition
  | CommandDefinition
  | EventDefinition;

/** Facts that any name of the schema may carry. */
export interface Facts {
  /** The first version of QEMU with it, where the schema tells. */
  readonly since?: string;
  /** The build options that it depends on, as an expression. */
  readonly condition?: string;
  /** Such as `deprecated` and `unstable`. */
  readonly features: readonly string[];
  /** The version that has it no more, when several versions were merged. */
  readonly removedIn?: string;
}

export type TypeReference = string | { readonly arrayOf: TypeReference };

export interface Member extends Facts {
  readonly name: string;
  readonly type: TypeReference;
  readonly optional: boolean;
}

export interface EnumValue extends Facts {
  readonly name: string;
}

export interface EnumDefinition extends Facts {
  readonly kind: 'enum';
  readonly name: string;
  readonly values: readonly EnumValue[];
}

export interface StructDefinition extends Facts {
  readonly kind: 'struct';
  readonly name: string;
  readonly base?: string;
  readonly members: readonly Member[];
}

export interface Branch extends Facts {
  /** The discriminator's value. */
  readonly name: string;
  readonly type: TypeReference;
}

export interface UnionDefinition extends Facts {
  readonly kind: 'union';
  readonly name: string;
  /** The common members, or the struct that has them. */
  readonly base: string | readonly Member[];
  readonly discriminator: string;
  /** A value of the discriminator that has no branch adds no members. */
  readonly branches: readonly Branch[];
}

export interface AlternateDefinition extends Facts {
  readonly kind: 'alternate';
  readonly name: string;
  readonly alternatives: readonly Branch[];
}

/** What a command or an event carries: members, or the type that has them. */
export type Payload = string | readonly Member[];

interface CommandDefinition extends Facts {
  readonly kind: 'command';
  readonly name: string;
  readonly arguments: Payload;
  readonly returns?: TypeReference;
  /** `gen: false`: more arguments than the schema names are allowed. */
  readonly open: boolean;
  /** `success-response: false`: it answers only when it fails. */
  readonly silent: boolean;
  readonly allowOob: boolean;
}

interface EventDefinition extends Facts {
  readonly kind: 'event';
  readonly name: string;
  readonly data: Payload;
}
