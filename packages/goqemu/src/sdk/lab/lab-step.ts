import type { OperationOptions } from '../operation-options.ts';

/**
 * A step of a lab, on a machine that has run it.
 *
 * @example
 * await using lab = await openLab('lab.ts');
 * await lab.step('web', 'nginx').run();
 */
export class LabStep {
  /** Name of the machine. */
  readonly machine: string;
  /** As the lab names the step. */
  readonly name: string;
  readonly #run: (options: OperationOptions) => Promise<void>;

  /** @internal */
  constructor(machine: string, name: string, run: (options: OperationOptions) => Promise<void>) {
    this.machine = machine;
    this.name = name;
    this.#run = run;
  }

  /**
   * Runs the step again on the machine as it is now, as the lab describes it, with the values that the last apply kept.
   * Nothing of it is recorded: `plan` sees the machine as before.
   *
   * @throws GoqemuError `step-failed`, `step-unknown`, `machine-unknown`, `machine-not-running`
   */
  run(options: OperationOptions = {}): Promise<void> {
    return this.#run(options);
  }
}
