import type { LabDefinition, LateValue, ShellText } from '@goqemu/lab';

/** The parameters that a lab takes, as its schema reads them: those with a default may be left out. */
export type LabParameters<Definition extends LabDefinition> =
  Definition extends LabDefinition<infer _Parameters, infer _Outputs, infer Input>
    ? unknown extends Input
      ? Readonly<Record<string, unknown>>
      : Input
    : never;

/** What `apply` returns: what the lab's program returns, with the values that were late. */
export type LabOutputs<Definition extends LabDefinition> =
  Definition extends LabDefinition<infer _Parameters, infer Outputs, infer _Input>
    ? unknown extends Outputs
      ? Readonly<Record<string, unknown>>
      : Outputs extends object
        ? OutputValues<Outputs>
        : Readonly<Record<string, never>>
    : never;

/** Late values as text. One that is secret, or whose step has not run, is null. */
export type OutputValues<Outputs> = Outputs extends LateValue | ShellText
  ? string | null
  : Outputs extends object
    ? { readonly [Name in keyof Outputs]: OutputValues<Outputs[Name]> }
    : Outputs;
