import { visibleWord } from '@goqemu/core';
import type { CheckpointReport } from '@goqemu/lab';
import { roundedSize } from './rounded-size.ts';
import type { Style } from './style.ts';

/** Checkpoints as a tree: each under the one that it was made on. */
export function renderCheckpoints(checkpoints: readonly CheckpointReport[], style: Style): string {
  const ids = new Set(checkpoints.map((checkpoint) => checkpoint.id));
  const children = new Map<string | null, CheckpointReport[]>();
  for (const checkpoint of checkpoints) {
    // One whose parent has been deleted is a root of the tree.
    const parent = checkpoint.parent !== null && ids.has(checkpoint.parent) ? checkpoint.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), checkpoint]);
  }
  const lines: string[] = [];
  const seen = new Set<string>();
  const walk = (parent: string | null, indent: string): void => {
    const here = children.get(parent) ?? [];
    here.forEach((checkpoint, index) => {
      if (seen.has(checkpoint.id)) return;
      seen.add(checkpoint.id);
      const last = index === here.length - 1;
      const branch = parent === null ? '' : last ? '└─ ' : '├─ ';
      lines.push(`${indent}${style.dim(branch)}${describe(checkpoint, style)}`);
      walk(checkpoint.id, parent === null ? '' : `${indent}${last ? '   ' : style.dim('│  ')}`);
    });
  };
  walk(null, '');
  return `${lines.join('\n')}\n`;
}

function describe(checkpoint: CheckpointReport, style: Style): string {
  const [name = '', ...more] = checkpoint.descriptions.map(visibleWord);
  return [
    style.cyan(checkpoint.id),
    `${style.bold(name)}${more.length > 0 ? ` (${more.join(', ')})` : ''}`,
    style.dim(
      [
        checkpoint.machines.map((machine) => machine.name).join(', '),
        ...(checkpoint.contents.length > 0
          ? [checkpoint.contents.join('+'), roundedSize(checkpoint.bytes)]
          : ['files are missing']),
        checkpoint.createdAt.replace('T', ' ').replace(/\..*/, ''),
        ...(checkpoint.forks.length > 0 ? [`forks: ${checkpoint.forks.join(', ')}`] : []),
      ]
        .filter(Boolean)
        .join(' · '),
    ),
  ].join('  ');
}
