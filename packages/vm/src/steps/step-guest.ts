import type { GuestSession } from '@goqemu/guest';
import type { VmCall } from '../vm/vm-host.ts';

/** How a step is called: it tells of its output, and of the stages of a boot. */
export interface StepCall extends VmCall {
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** The guest that a step is carried out in, whether goqemu started its machine or not. */
export interface StepGuest {
  /** Name of the machine. */
  readonly machine: string;
  readonly session: GuestSession;
  /** File that its serial console writes to; undefined where no file is known. */
  readonly serialLog: string | undefined;
  /** Follows its machine while the guest boots; the caller closes it. */
  follow(signal: AbortSignal): Promise<FollowedMachine>;
}

/** A machine whose guest is about to boot again. */
export interface FollowedMachine extends AsyncDisposable {
  /**
   * The next reset of the machine, from the call on.
   *
   * @throws GoqemuError `qmp-closed` or similar when QEMU ends instead
   */
  reset(signal: AbortSignal): Promise<void>;
  /** What is known of the guest that runs does not hold for the next boot; a process that dies here leaves it so. */
  forgetReadiness(): Promise<void>;
  /**
   * Waits until the guest is ready, as at the machine's start.
   *
   * @param serialOffset where this boot begins in the console's log, in bytes
   */
  becomeReady(serialOffset: number, call: VmCall): Promise<void>;
}
