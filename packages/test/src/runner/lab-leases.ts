import { afterCleanUp, anySignal, internalError, withCleanUp } from '@goqemu/core';
import { packBaseline, takeBaseline } from '../changes/baseline.ts';
import type { PackedBaseline } from '../changes/baseline-types.ts';
import { machineOf } from '../probes/machine-probes.ts';
import { probesOf } from '../probes/probes-of.ts';
import { instance } from '../record/instance.ts';
import type { RecordedEvent } from '../record/test-record.ts';
import { noteLease } from './open-leases.ts';
import type { RunSettings } from './run-settings.ts';
import { beginningUnknown, checkMachines } from './test-errors.ts';
import type { TestedLab, TestedLabSource } from './tested-lab.ts';

/** A lab for one test; the end of its block takes it away again. */
export interface LabLease extends AsyncDisposable {
  readonly lab: TestedLab;
  readonly machines: readonly string[];
  /** What a machine was at the checkpoint that tests begin at; absent where they begin at none. */
  readonly beginningOf?: (machine: string, signal: AbortSignal) => Promise<PackedBaseline>;
}

/** Milliseconds for other commands and tests to let go of the lab. */
const lockWait = 30 * 60_000;

/** Forks that this instance has made. */
let count = 0;

/** Gives the tests of a process the lab, each as it was. */
export class LabLeases {
  readonly #source: TestedLabSource;
  readonly #settings: RunSettings;
  #ready: Promise<void> | undefined;
  /** By the names of machines. */
  readonly #beginnings = new Map<string, Promise<PackedBaseline>>();
  /** Tests of this process on the one lab come one after another, too. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(source: TestedLabSource, settings: RunSettings) {
    this.#source = source;
    this.#settings = settings;
  }

  /** @throws GoqemuError `checkpoint-unknown`, and what applying, forking and restoring throw */
  async lease(signal: AbortSignal, onEvent?: (event: RecordedEvent) => void): Promise<LabLease> {
    this.#ready ??= this.#prepare(signal); // a lab that fails fails all its tests, once
    await this.#ready;
    const open = () => this.#source.open(onEvent);
    const { at, isolation } = this.#source;
    const lease = await (isolation === 'fork' ? this.#fork(signal, open) : this.#share(signal, open));
    return at === undefined || isolation === 'none' ? lease : { ...lease, beginningOf: this.#beginningOf };
  }

  /** Looked at in a fork of its own, once for the tests of this process: most tests do not ask. */
  readonly #beginningOf = (machine: string, signal: AbortSignal): Promise<PackedBaseline> => {
    const known = this.#beginnings.get(machine);
    if (known) return known;
    const taking = this.#takeBeginning(machine, signal);
    this.#beginnings.set(machine, taking);
    taking.catch(() => this.#beginnings.delete(machine)); // the next test asks again
    return taking;
  };

  async #takeBeginning(name: string, signal: AbortSignal): Promise<PackedBaseline> {
    await using lease = await this.#fork(signal, () => this.#source.open());
    const machine = machineOf(probesOf(lease.lab.machine(name), { name, signal }));
    if (!machine) throw internalError('probes of a machine have no machine');
    return await packBaseline(machine, await takeBaseline(machine, {}));
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { open, key, at, isolation, machines } = this.#source;
    await using lab = await open();
    if (!this.#settings.applied.includes(key)) await lab.apply({ lockWait, signal });
    if (machines.length > 0) checkMachines(lab.name, machines, await lab.status());
    if (at === undefined || isolation === 'none') return;
    const known = await lab.checkpoints();
    if (known.some(({ id, descriptions }) => id === at || descriptions.includes(at))) return;
    throw beginningUnknown(lab.name, at, [...new Set(known.flatMap(({ descriptions }) => descriptions.slice(0, 1)))]);
  }

  async #fork(signal: AbortSignal, open: () => Promise<TestedLab>): Promise<LabLease> {
    const origin = await open();
    const name = `test-${this.#settings.id}-${instance}-${++count}`;
    return leased(signal, {
      get: (until) => origin.fork(this.#source.at ?? '', { name, lockWait, signal: until }),
      after: async () => origin[Symbol.asyncDispose](),
    });
  }

  async #share(signal: AbortSignal, open: () => Promise<TestedLab>): Promise<LabLease> {
    const { at, isolation } = this.#source;
    const after = await this.#takeTurn(signal);
    const get = async (until: AbortSignal) => {
      const lab = await open();
      if (isolation !== 'restore') return lab;
      try {
        await lab.restore(at ?? '', { lockWait, signal: until });
        return lab;
      } catch (error) {
        throw await afterCleanUp(error, async () => lab[Symbol.asyncDispose]());
      }
    };
    return leased(signal, { get, after, heals: isolation === 'restore' });
  }

  async #takeTurn(signal: AbortSignal): Promise<() => Promise<void>> {
    const before = this.#turn;
    let release = () => {};
    this.#turn = new Promise<void>((resolve) => {
      release = resolve;
    });
    try {
      await before;
      const turn = await this.#source.takeTurn(signal);
      return async () => {
        release();
        await turn[Symbol.asyncDispose]();
      };
    } catch (error) {
      release();
      throw error;
    }
  }
}

interface Getting {
  readonly get: (until: AbortSignal) => Promise<TestedLab>;
  /** Called when the lab has been given back, or was not to be had. */
  readonly after: () => Promise<void>;
  /** Takes the networks back, too: what goes wrong in them is in no checkpoint. */
  readonly heals?: boolean;
}

/** A process that leaves gives back what it has, and no longer waits for what it does not have yet. */
async function leased(signal: AbortSignal, { get, after, heals = false }: Getting): Promise<LabLease> {
  const leave = new AbortController();
  const getting = get(anySignal(signal, leave.signal));
  const giveBack = async () => {
    leave.abort();
    const lab = await getting.catch(() => undefined); // reported to the one who waits for it
    await lab?.[Symbol.asyncDispose]();
  };
  const end = noteLease(() => withCleanUp(giveBack, after));
  try {
    const lab = await getting;
    const { machines, networks } = await lab.status();
    if (heals) await Promise.all(networks.map(({ name }) => lab.network(name).heal()));
    return { lab, machines: machines.map(({ name }) => name), [Symbol.asyncDispose]: end };
  } catch (error) {
    throw await afterCleanUp(error, end);
  }
}
