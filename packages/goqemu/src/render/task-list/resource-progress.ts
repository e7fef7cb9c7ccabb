import { type OperationHeader, type ResourceRef, resourceKey } from '@goqemu/lab';
import { fitToRows, type MachineLines } from './fit-to-rows.ts';

/** How far each resource of the list is, to draw those at work where there is no room for all. */
export class ResourceProgress {
  readonly #begun = new Set<string>();
  /** Operations that have not ended, by resource, in the order of the list. */
  readonly #pending = new Map<string, Set<string>>();

  plan(operations: readonly OperationHeader[]): void {
    for (const { resource, id } of operations) {
      const key = resourceKey(resource);
      this.#pending.set(key, (this.#pending.get(key) ?? new Set()).add(id));
    }
  }

  begin(resource: ResourceRef): void {
    this.#begun.add(resourceKey(resource));
  }

  end(operation: string): void {
    for (const pending of this.#pending.values()) pending.delete(operation);
  }

  /** @param list as listr2 draws it: a line without indentation begins a resource, a blank one the notices below */
  fitted(list: string, rows: number): string {
    const lines = list.split('\n');
    if (lines.length < rows) return list;
    const end = lines.indexOf('');
    const [drawn, notices] = end < 0 ? [lines, []] : [lines.slice(0, end), lines.slice(end)];
    const states = [...this.#pending].map(([key, pending]): MachineLines['state'] =>
      pending.size === 0 ? 'done' : this.#begun.has(key) ? 'running' : 'waiting',
    );
    const machines: { lines: string[]; state: MachineLines['state'] }[] = [];
    for (const line of drawn)
      if (/^\s/.test(line)) machines.at(-1)?.lines.push(line);
      else machines.push({ lines: [line], state: states[machines.length] ?? 'waiting' });
    // One row stays free: the cursor stands on it.
    return [...fitToRows(machines, Math.max(2, rows - 1 - notices.length)), ...notices].join('\n');
  }
}
