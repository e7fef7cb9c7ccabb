import type { AppliedStep } from './lab-state.ts';

/** Human-readable: `after "nginx"`. */
export function layerName(applied: readonly AppliedStep[]): string {
  return applied.length <= 1 ? 'before the first step' : `after "${applied.at(-1)?.name}"`;
}
