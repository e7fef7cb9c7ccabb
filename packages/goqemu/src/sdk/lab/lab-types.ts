import type { LabDefinition, LateValue, MachineBuilder, ShellText } from '@goqemu/lab';

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

/** Late values as text, machines as their names. A value that is secret, or whose step has not run, is null. */
export type OutputValues<Outputs> = Outputs extends LateValue | ShellText
  ? string | null
  : Outputs extends { readonly name: infer Name extends string; readonly at: object; readonly sshPort: number }
    ? Name
    : Outputs extends object
      ? { readonly [Name in keyof Outputs]: OutputValues<Outputs[Name]> }
      : Outputs;

/** The machines among what a lab's program returns, wherever they stand. */
export type MachinesIn<Outputs> =
  Outputs extends MachineBuilder<never, never, never, never>
    ? Outputs
    : Outputs extends string | number | boolean | null | undefined | LateValue | ShellText
      ? never
      : Outputs extends readonly (infer Item)[]
        ? MachinesIn<Item>
        : Outputs extends object
          ? { [Name in keyof Outputs]: MachinesIn<Outputs[Name]> }[keyof Outputs]
          : never;

/** The machines that the program of a lab returns, as it describes them; `never` where it returns none. */
export type ReturnedMachine<Definition extends LabDefinition> =
  Definition extends LabDefinition<infer _Parameters, infer Outputs, infer _Input>
    ? unknown extends Outputs
      ? never
      : MachinesIn<Outputs>
    : never;

/** Names of the lab's machines: of those that its program returns. Any name where it returns none. */
export type MachineName<Definition extends LabDefinition = LabDefinition> = [ReturnedMachine<Definition>] extends [
  never,
]
  ? string
  : ReturnedMachine<Definition>['name'];

/** Names of the steps of a machine, where the lab's program returns that. */
export type StepName<Definition extends LabDefinition = LabDefinition, Machine extends string = string> = [
  ReturnedMachine<Definition>,
] extends [never]
  ? string
  : Extract<ReturnedMachine<Definition>, { readonly name: Machine }> extends infer One
    ? One extends MachineBuilder<infer _O, infer _C, infer _F, infer _K, infer _N, infer Step>
      ? Step
      : never
    : never;

/** Names of the checkpoints that the lab declares, on machines that its program returns. */
export type CheckpointName<Definition extends LabDefinition = LabDefinition> = [ReturnedMachine<Definition>] extends [
  never,
]
  ? string
  : ReturnedMachine<Definition> extends infer One
    ? One extends { readonly at: infer At }
      ? keyof At & string
      : never
    : never;

/** A checkpoint that the lab declares, by its name, or one that was taken: what `checkpoint()` returned. */
export type CheckpointChoice<Definition extends LabDefinition = LabDefinition> =
  | CheckpointName<Definition>
  | { readonly id: string };

/** A checkpoint as the engine takes it: its id or its name. */
export function checkpointText(checkpoint: string | { readonly id: string }): string {
  return typeof checkpoint === 'string' ? checkpoint : checkpoint.id;
}
