import { visible } from '@goqemu/core';
import type { Style } from './style.ts';

/** A lab's outputs, one to a line; a secret one is null and shown as such. */
export function renderOutputs(outputs: Readonly<Record<string, unknown>>, style: Style): string {
  const names = Object.keys(outputs);
  if (names.length === 0) return '';
  const width = Math.max(...names.map((name) => name.length));
  return `${names
    .map((name) => {
      const value = outputs[name];
      const text =
        value === null ? style.dim('(secret)') : typeof value === 'string' ? visible(value) : JSON.stringify(value);
      return `${style.bold(name.padEnd(width))}  ${text}`;
    })
    .join('\n')}\n`;
}
