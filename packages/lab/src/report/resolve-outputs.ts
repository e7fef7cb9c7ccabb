import type { OutputValue } from '../evaluate/lab.ts';
import type { LabState } from '../state/lab-state.ts';
import type { PlannedText } from '../step/planned-step.ts';

/**
 * The outputs of the last apply. What is secret, or has a secret in it, is null, and so is what is not known
 * because the step that gives it has not run.
 */
export function resolveOutputs(state: LabState): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(state.outputs).map(([name, value]) => [name, resolved(value, state)]));
}

function resolved(value: OutputValue, state: LabState): unknown {
  if (Array.isArray(value)) return value.map((item: OutputValue) => resolved(item, state));
  if (typeof value !== 'object' || value === null) return value;
  if ('$text' in value) return textValue(value.$text as unknown as PlannedText, state);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolved(item as OutputValue, state)]));
}

function textValue(text: PlannedText, state: LabState): string | null {
  const parts: string[] = [];
  for (const part of text) {
    if (typeof part === 'string') parts.push(part);
    else if ('capture' in part) {
      const capture = state.captures[part.capture];
      if (!capture || !('value' in capture)) return null;
      parts.push(capture.value);
    } else return null;
  }
  return parts.join('');
}
