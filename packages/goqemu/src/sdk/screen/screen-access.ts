import type { Display } from '@goqemu/machine';

/** The screen behind a {@link MachineScreen}: that of a VM, or of a machine of a lab. */
export interface ScreenAccess {
  /**
   * Does something with the display of the machine.
   *
   * @param what the call, as errors name it
   * @throws where the machine does not run; GoqemuError `display-absent`
   */
  use<T>(what: string, work: (display: Display) => Promise<T>, signal: AbortSignal): Promise<T>;
}
