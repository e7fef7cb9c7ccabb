import { shellQuote } from '@goqemu/core';
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
  const environment: Record<string, string> = {};
  for (const [name, planned] of Object.entries(step.environment)) environment[name] = await text(planned);
  const resolved = await fill(step, environment, text);
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

async function fill(
  step: PlannedStep,
  environment: Readonly<Record<string, string>>,
  text: (planned: PlannedText) => Promise<string>,
): Promise<ResolvedStep> {
  const { name, user, timeoutMs } = step;
  const settings = {
    name,
    user,
    environment,
    timeoutMs,
    ...(step.workingDirectory === undefined ? {} : { workingDirectory: step.workingDirectory }),
  };
  switch (step.kind) {
    case 'run':
      return {
        ...settings,
        kind: 'run',
        script: await text(step.script),
        interpreter: step.interpreter,
        ...(step.capture ? { capture: step.capture } : {}),
        ...(step.maxBytes === undefined ? {} : { maxBytes: step.maxBytes }),
      };
    case 'upload':
      return {
        ...settings,
        kind: 'upload',
        source: step.source,
        destination: step.destination,
        ...(step.mode === undefined ? {} : { mode: step.mode }),
        ...(step.owner === undefined ? {} : { owner: step.owner }),
      };
    case 'file':
      return {
        ...settings,
        kind: 'file',
        path: step.path,
        contents: await text(step.contents),
        mode: step.mode,
        owner: step.owner,
      };
    case 'waitFor':
      return { ...settings, kind: 'waitFor', condition: step.condition };
  }
}
