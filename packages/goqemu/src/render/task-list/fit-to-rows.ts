/** A machine's lines of the list, and what it does. */
export interface MachineLines {
  readonly lines: readonly string[];
  readonly state: 'waiting' | 'running' | 'done';
}

/**
 * Shortens a list of machines to the height of a terminal. Those at work stay, as many as there is room for; a last line
 * counts the others. A list that fits stays as it is.
 *
 * @param rows lines that there is room for, at least 2
 */
export function fitToRows(machines: readonly MachineLines[], rows: number): readonly string[] {
  const all = machines.flatMap(({ lines }) => lines);
  if (all.length <= rows) return all;
  const kept: string[] = [];
  let left = { running: 0, waiting: 0, done: 0 };
  for (const { lines, state } of machines) {
    if (state === 'running' && kept.length + lines.length < rows) kept.push(...lines);
    else left = { ...left, [state]: left[state] + 1 };
  }
  const counts = [
    ...(left.running > 0 ? [`${left.running} more running`] : []),
    ...(left.waiting > 0 ? [`${left.waiting} waiting`] : []),
    ...(left.done > 0 ? [`${left.done} done`] : []),
  ];
  return [...kept, `  … ${counts.join(', ')}`];
}
