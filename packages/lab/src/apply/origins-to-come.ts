import { isOfMachine } from '../plan/machine-operation.ts';
import type { Operation } from '../resource/operation.ts';

/** Layers that machines still to be made start from: their RAM is kept until then. */
export class OriginsToCome {
  readonly #counts = new Map<string, number>();

  constructor(operations: readonly Operation[]) {
    for (const operation of operations) this.#count(operation, 1);
  }

  done(operation: Operation): void {
    this.#count(operation, -1);
  }

  has(layer: string): boolean {
    return (this.#counts.get(layer) ?? 0) > 0;
  }

  #count(operation: Operation, change: 1 | -1): void {
    if (!isOfMachine(operation)) return;
    const { work } = operation;
    if (work.verb !== 'make' || !('layer' in work.origin)) return;
    const { layer } = work.origin;
    this.#counts.set(layer, (this.#counts.get(layer) ?? 0) + change);
  }
}
