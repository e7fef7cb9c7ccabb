import type { Command } from '@goqemu/guest';
import type { TestedScreen } from './screen/tested-screen.ts';

/** How a matcher runs a command in a guest. */
export interface TestedCommandOptions {
  /** As root. @default false, as the machine's user */
  readonly sudo?: boolean;
  /** Milliseconds after which the command is ended, at least 1. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** What it reads on its standard input. @default nothing */
  readonly input?: string;
}

/** What a command printed, and how it ended. */
export interface TestedCommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
}

/** A machine as a matcher needs it: a `QemuVM` and a machine of a lab are both one. */
export interface TestedGuest {
  /** Of a machine of goqemu's, whether it has a display or not. */
  readonly screen?: TestedScreen;
  exec(command: Command, options?: TestedCommandOptions): Promise<TestedCommandResult>;
}
