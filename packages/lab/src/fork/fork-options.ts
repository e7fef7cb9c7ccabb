import type { ProcessIdentity } from '@goqemu/core';
import type { LabDefinition } from '../definition/define-lab.ts';

export interface ForkOptions {
  /** How many (default: 1, at most 64). */
  readonly count?: number;
  /** Their name, with a number appended when there are several. Default: from the checkpoint's name. */
  readonly name?: string;
  /** Only these machines. Default: every machine that has the checkpoint. */
  readonly machines?: readonly string[];
  /** The process whose end they do not survive: the next command on the lab after it removes them. */
  readonly owner?: ProcessIdentity;
  /** The lab and the values of its parameters, for outputs that tell the fork's own ports. */
  readonly definition?: LabDefinition;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Milliseconds to wait for another holder of the lab's lock (default: 0). */
  readonly lockWaitMs?: number;
  readonly signal?: AbortSignal;
}
