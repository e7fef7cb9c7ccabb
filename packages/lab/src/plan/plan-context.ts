import type { SourceLocation } from '@goqemu/core';
import type { ObservedMachine, Preflight, StoredLayer } from '../backend/backend.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';
import { firstNameless } from './chain.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { MachineOperation } from './machine-operation.ts';
import type { PlanNotice } from './plan.ts';

/** What is known when operations are decided; everything has been looked up before. */
export interface PlanFacts {
  readonly state: LabState;
  readonly observed: ReadonlyMap<string, ObservedMachine>;
  readonly stored: ReadonlyMap<string, StoredLayer>;
  readonly replace: ReadonlySet<string>;
  /** Machines that were stopped or suspended on purpose are started. */
  readonly start: boolean;
  /** Forwards change while a machine runs. */
  readonly liveForwards: boolean;
  /** Machines that are to be restarted for something that they need, with the reason. */
  readonly disturbed: ReadonlyMap<string, string>;
}

/** An operation whose place in the lab is worked out on first access. */
export type DraftOperation = Omit<MachineOperation, 'location'> & { readonly place?: () => SourceLocation | undefined };

/** Collects the operations of one plan and remembers what each will have brought about. */
export class PlanContext {
  readonly facts: PlanFacts;
  readonly operations: DraftOperation[] = [];
  readonly notices: PlanNotice[] = [];
  readonly preflight: Preflight[] = [];
  /** Layers that this plan cuts, with the operation and the shape of the machine. */
  readonly producers = new Map<string, { readonly id: string; readonly shape: string }>();
  /** Operations of a machine, each with the place in its chain that it reaches. */
  readonly #reached = new Map<string, { readonly id: string; readonly index: number }[]>();
  #count: number;

  /** Operations that give a name of the state free, by that name. */
  readonly #freed = new Map<string, string>();

  /** @param before number of operations that the plan has already */
  constructor(facts: PlanFacts, before: number) {
    this.facts = facts;
    this.#count = before;
  }

  /** Adds an operation after those of the same machine before it. */
  add(
    operation: Omit<DraftOperation, 'id' | 'dependsOn' | 'diff'> & {
      readonly diff?: MachineOperation['diff'];
      readonly dependsOn?: readonly string[];
    },
    reaches: number,
  ): string {
    const id = `op-${++this.#count}`;
    const own = this.#reached.get(operation.resource.name) ?? [];
    const last = own.at(-1)?.id ?? this.#freed.get(operation.resource.name);
    if (operation.work.verb === 'rename') this.#freed.set(operation.work.from, id);
    const dependsOn = [...new Set([...(last === undefined ? [] : [last]), ...(operation.dependsOn ?? [])])];
    this.operations.push({ diff: [], ...operation, id, dependsOn });
    own.push({ id, index: reaches });
    this.#reached.set(operation.resource.name, own);
    return id;
  }

  /** Adds an operation of the same machine directly before one that is there already. */
  addBefore(next: DraftOperation, operation: Omit<DraftOperation, 'id' | 'dependsOn'>): string {
    const id = `op-${++this.#count}`;
    const own = new Set(
      this.operations.flatMap((one) => (one.resource.name === operation.resource.name ? [one.id] : [])),
    );
    const place = this.operations.indexOf(next);
    const added = { ...operation, id, dependsOn: next.dependsOn.filter((other) => own.has(other)) };
    this.operations.splice(place, 1, added, { ...next, dependsOn: [...next.dependsOn, id] });
    return id;
  }

  /** The operation after which a machine has come as far as a place in its chain; undefined when it is there already. */
  reaching(machine: string, index: number): string | undefined {
    const own = this.#reached.get(machine) ?? [];
    return (own.find((one) => one.index >= index) ?? own.at(-1))?.id;
  }

  touches(machine: string): boolean {
    return this.#reached.has(machine);
  }

  /**
   * The furthest layer of a chain that can be used: it is there, and so are what was captured and what has a name on the
   * way to it. -1 when there is none.
   */
  furthestUsable(
    chain: readonly ChainLink[],
    isThere: (key: string) => boolean = (key) => this.facts.stored.has(key),
  ): number {
    const { state } = this.facts;
    const nameless = firstNameless(chain, isThere);
    let furthest = -1;
    for (const [index, link] of chain.slice(0, nameless).entries()) {
      if (link.captures && state.captures[link.key] === undefined) break;
      if (isThere(link.key)) furthest = index;
    }
    return furthest;
  }

  duration(...keys: readonly string[]): { estimateMs?: number } {
    for (const key of keys) {
      const known = this.facts.state.durations[key];
      if (known !== undefined) return { estimateMs: known };
    }
    return {};
  }
}

/** A machine of the state and what a look at it found, with the lab's wish. */
export interface Comparison {
  readonly desired: DesiredMachine;
  readonly recorded: MachineState;
  readonly observed: ObservedMachine | undefined;
}
