import type { PlannedText } from './planned-step.ts';

/** A human-readable text, with `‹…›` where a late value stands. */
export function previewPlanned(text: PlannedText): string {
  return text
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'secret' in part ? `‹secret ${part.secret}›` : '‹captured output›';
    })
    .join('');
}
