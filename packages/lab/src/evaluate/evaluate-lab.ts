import { internalError } from '@goqemu/core';
import type { LabDefinition } from '../definition/define-lab.ts';
import type { Lab } from './lab.ts';

export interface EvaluateOptions {
  /** Values for the lab's schema, before validation. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly stack?: string;
  readonly labFile: string;
}

/**
 * Runs a lab's program. Pure: the same definition, options and allocations give the same lab.
 *
 * @throws GoqemuError with the place in the lab that caused it
 */
export function evaluateLab(_definition: LabDefinition, _options: EvaluateOptions): Lab {
  throw internalError('evaluation arrives with the next commit');
}
