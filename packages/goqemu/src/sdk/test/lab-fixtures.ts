import type { LabDefinition } from '@goqemu/lab';
import type { BaseFixtures, Isolation, LabTest, MachineProbes, TestedStep } from '@goqemu/test';
import type { LabMachine } from '../lab/lab-machine.ts';
import type { OpenLabOptions } from '../lab/lab-options.ts';
import type { LabStep } from '../lab/lab-step.ts';
import type { CheckpointChoice, LabParameters, MachineName, StepName } from '../lab/lab-types.ts';
import type { RunningLab } from '../lab/running-lab.ts';
import type { RunningNetwork } from '../lab/running-network.ts';

/** How the tests of a {@link BaseTest.extend} get their lab. */
export interface LabTestOptions<
  Definition extends LabDefinition = LabDefinition,
  Machines extends string = string,
  Networks extends string = string,
> extends Pick<OpenLabOptions<Definition>, 'stack' | 'parameters'> {
  /**
   * The checkpoint that each test begins at: the name of one that the lab declares, or `{ id }` of one that was taken.
   * Where the lab returns no machines, any name and any id will do. Needed for `fork` and `restore`.
   *
   * @example 'ready'
   */
  readonly at?: CheckpointChoice<Definition>;
  /**
   * How a test gets the lab as it was. `fork`: a copy of its own, so that tests of several files run side by side.
   * `restore`: the one lab, taken back before each test; its tests run one after another, and the last one leaves the lab as
   * it is. `none`: the lab as the test before left it.
   *
   * @default 'fork'
   */
  readonly isolation?: Isolation;
  /**
   * Names of the machines that the tests use: then these are typed, and must be there.
   *
   * @default the machines that the lab's program returns; where it returns none, any name
   * @example ['web', 'db']
   */
  readonly machines?: readonly Machines[];
  /** Names of the networks that the tests use, likewise. @default any name @example ['lan'] */
  readonly networks?: readonly Networks[];
  /**
   * Parameters of the lab with the values that they take in turn: each test runs once for every combination, on a lab with
   * these parameters in a stack of its own.
   *
   * @default the one lab
   * @example { image: ['debian-12', 'debian-13'] }
   */
  readonly matrix?: { readonly [Name in keyof LabParameters<Definition>]?: readonly LabParameters<Definition>[Name][] };
}

/** A lab in a test: what it names can be asked with `expect`. */
export type TestedRunningLab<Definition extends LabDefinition = LabDefinition> = {
  machine(name: MachineName<Definition>): LabMachine & MachineProbes;
  step<Machine extends MachineName<Definition>>(
    machine: Machine,
    name: StepName<Definition, Machine>,
  ): TestedStep<LabStep>;
} & RunningLab<Definition>;

/**
 * What a test on a lab is given: each machine by its name, with its probes for `expect`, the networks in `net`, the lab under the name that `extend` was
 * given, and what every test is given.
 */
export type LabFixtures<
  Name extends string,
  Definition extends LabDefinition = LabDefinition,
  Machines extends string = string,
  Networks extends string = string,
> = BaseFixtures & { readonly net: Readonly<Record<Networks, RunningNetwork>> } & {
  readonly [Fixture in Name]: TestedRunningLab<Definition>;
} & Readonly<Record<Machines, LabMachine & MachineProbes>>;

/** The `test` of `goqemu/test`: tests without a lab, and where those on a lab come from. */
export interface BaseTest extends LabTest<BaseFixtures> {
  /**
   * A `test` whose tests run on a lab. It is applied before the first of them, and each gets it as it was at a checkpoint.
   *
   * @param name the fixture that holds the lab
   * @throws GoqemuError `option-invalid`
   * @example
   * const test = base.extend('lab', lab, { at: 'ready', machines: ['web'] });
   * test('nginx comes back', async ({ web }) => {
   *   await web.exec('systemctl restart nginx', { sudo: true, check: true });
   *   await expect(web.unit('nginx')).toBeActive();
   * });
   */
  extend<
    const Name extends string,
    Definition extends LabDefinition,
    const Machines extends MachineName<Definition> = MachineName<Definition>,
    const Networks extends string = string,
  >(
    name: Name,
    lab: Definition,
    options?: LabTestOptions<Definition, Machines, Networks>,
  ): LabTest<LabFixtures<Name, Definition, Machines, Networks>>;
}
