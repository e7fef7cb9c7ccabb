import type { z } from 'zod';
import type { LayerOptions } from './layer-options.ts';
import type { TimeoutOptions } from './timeout-options.ts';

/** Options of {@link defineLab}. */
export interface LabOptions<Schema extends z.ZodType = z.ZodType> {
  /** RFC 1123 label; folders are named after it. */
  readonly name: string;
  /** Schema of the lab's parameters. */
  readonly params?: Schema;
  /** How many layers without a name are kept, and what they may take. */
  readonly layers?: LayerOptions;
  /** How long the boot and the end of its machines may take; a machine can have its own. @default see {@link TimeoutOptions} */
  readonly timeouts?: TimeoutOptions;
}
