import type { LabDefinition } from '@goqemu/lab';
import type { LabFixtures, LabTestOptions } from './lab-fixtures.ts';

/** How the tests of another runner get their lab; a `matrix` is a loop there. */
export interface RunnerLabOptions<
  Definition extends LabDefinition = LabDefinition,
  Machines extends string = string,
  Networks extends string = string,
> extends Omit<LabTestOptions<Definition, Machines, Networks>, 'matrix' | 'machines'> {
  /**
   * Names of the machines that are fixtures of their own, and must be there; every other is `lab.machine(name)`.
   *
   * @default none
   * @example ['web', 'db']
   */
  readonly machines?: readonly Machines[];
  /**
   * Whether a test that fails leaves a trace, which `goqemu trace open` opens; `full`: with the machines as they were before
   * each action.
   *
   * @default 'on-failure'
   */
  readonly trace?: 'on-failure' | 'full' | 'off';
  /**
   * The folder of traces, absolute or relative to the working folder.
   *
   * @default 'test-results/traces'; with Playwright, which clears that one, 'goqemu-traces'
   */
  readonly traceDir?: string;
}

/** What such a test is given: as a test of `goqemu test`, but for what the runner has itself. */
export type RunnerFixtures<
  Name extends string,
  Definition extends LabDefinition = LabDefinition,
  Machines extends string = never,
  Networks extends string = string,
> = Omit<LabFixtures<Name, Definition, Machines, Networks>, 't' | 'signal'>;
