import type { ExecuteOptions, QmpClient } from '@goqemu/protocol';

/** The format of a dump of the memory, and how addresses are found in it. */
export interface DumpOptions extends ExecuteOptions {
  /** `elf` for gdb and crash; the `kdump` forms are compressed, for crash alone. */
  readonly format?: 'elf' | 'kdump-zlib' | 'kdump-lzo' | 'kdump-snappy';
  /** Follows the guest's page tables, so that gdb sees its addresses; slower, and the guest must be trusted. */
  readonly paging?: boolean;
}

/** The memory of a machine. */
export class Memory {
  readonly #qmp: QmpClient;

  constructor(qmp: QmpClient) {
    this.#qmp = qmp;
  }

  /** Bytes that the guest has now, as its balloon leaves it; the machine must have been started with `balloon`. */
  async size(options: ExecuteOptions = {}): Promise<number> {
    return (await this.#qmp.execute('query-balloon', undefined, options)).actual;
  }

  /** Asks the guest to give back memory until it has this much, or to take it again; the guest does so by and by. */
  async resize(bytes: number, options: ExecuteOptions = {}): Promise<void> {
    await this.#qmp.execute('balloon', { value: bytes }, options);
  }

  /** Writes the guest's memory to a file; the guest stands still meanwhile. */
  async dump(path: string, options: DumpOptions = {}): Promise<void> {
    const { format = 'elf', paging = false, ...limits } = options;
    await this.#qmp.execute('dump-guest-memory', { paging, protocol: `file:${path}`, format }, limits);
  }
}
