import type { ProcessIdentity } from '@goqemu/core';
import type { LabDefinition } from '../definition/define-lab.ts';

export interface ForkOptions {
  /** How many; 1 unless given, at most 64. */
  readonly count?: number;
  /** What they are called: with a number behind it when there are several. From the checkpoint's name unless given. */
  readonly name?: string;
  /** Only these machines; every machine that has the checkpoint unless given. */
  readonly machines?: readonly string[];
  /** The process that they go with: whoever works on the lab after its end removes them. */
  readonly owner?: ProcessIdentity;
  /** The lab and the values of its parameters, for outputs that tell the fork's own ports. */
  readonly definition?: LabDefinition;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}
