import { shellQuote } from '@goqemu/core';
import { mapStepTexts } from '@goqemu/spec';
import type { PlannedPart, PlannedStep, PlannedText } from './planned-step.ts';
import type { ResolvedStep } from './resolved-step.ts';

/** Where late values come from when a step is about to run. */
export interface LateValues {
  capture(key: string): Promise<{ readonly value: string; readonly secret: boolean }>;
  secret(part: Extract<PlannedPart, { secret: string }>): Promise<string>;
}

/** Fills late values in, and names those that must be masked. */
export async function resolveStep(step: PlannedStep, values: LateValues): Promise<ResolvedStep> {
  const sensitive = new Set<string>();
  const text = (planned: PlannedText) => resolveText(planned, values, sensitive);
  // What an upload's content was when the plan was made is for the engine alone.
  const { digest: _digest, ...resolved } = { digest: '', ...(await mapStepTexts(step, text)) };
  return {
    ...resolved,
    ...(sensitive.size > 0 ? { sensitive: [...sensitive] } : {}),
    ...(step.kind === 'run' && step.capture?.secret ? { secretOutput: true } : {}),
  };
}

export async function resolveText(text: PlannedText, values: LateValues, sensitive: Set<string>): Promise<string> {
  const parts: string[] = [];
  for (const part of text) {
    if (typeof part === 'string') {
      parts.push(part);
      continue;
    }
    const found =
      'secret' in part ? { value: await values.secret(part), secret: true } : await values.capture(part.capture);
    if (found.secret) sensitive.add(found.value);
    parts.push(part.quote === 'shell' ? shellQuote(found.value) : found.value);
  }
  return parts.join('');
}
