import type { Logger, ProcessTable } from '@goqemu/core';
import type { QmpClient } from '@goqemu/protocol';
import type { ProcessExit } from '../launch/exit-cause.ts';
import type { MachineExit } from './machine-exit.ts';
import type { MachineRecord } from './machine-record.ts';
import type { StopRung, StopStep, StopTimeouts } from './stop-ladder.ts';

export interface MachineConnection {
  readonly record: MachineRecord;
  /** The holder's monitor, negotiated. */
  readonly qmp: QmpClient;
  readonly processes?: ProcessTable;
  readonly logger?: Logger;
  /** Known to the process that launched it. */
  readonly exited?: Promise<ProcessExit>;
  /** Bytes of the log that were there before this start. */
  readonly logOffset?: number;
}

/** How a machine is stopped: rungs of the ladder, and when to give up. */
export interface StopOptions {
  /** Milliseconds for each rung; 0 leaves it out. See {@link defaultStopTimeouts}. */
  readonly timeouts?: Partial<StopTimeouts>;
  readonly signal?: AbortSignal;
}

/** How a machine was stopped, with what each rung of the ladder did. */
export interface StopResult {
  /** The rung that did it; undefined when the machine had ended before. */
  readonly how: StopRung | undefined;
  readonly steps: readonly StopStep[];
  readonly exit: MachineExit;
  readonly durationMs: number;
}

/** How long to wait for the guest agent, and when to give up. */
export interface AgentOptions {
  /** Milliseconds to wait for one's turn, and again for the agent to answer. @default 5_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Shown to others who wait for their turn. */
  readonly command?: string;
}
