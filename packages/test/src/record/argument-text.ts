import { machineOf } from '../probes/machine-probes.ts';

const longestArgument = 100;

/** A value as a test would write it, in short. */
export function argumentText(value: unknown, longest = longestArgument): string {
  const text =
    machineOf(value)?.name ??
    (value instanceof RegExp ? String(value) : (JSON.stringify(value, shown) ?? String(value)));
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function shown(_key: string, value: unknown): unknown {
  return value instanceof RegExp ? String(value) : value;
}
