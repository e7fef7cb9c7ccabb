import { errorMessage, type FileLock, isAlive, type Logger, sleep } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import {
  killVm,
  resumeVm,
  type StandalonePlace,
  type StandaloneRecord,
  startVm,
  suspendVm,
  Vm,
  type VmCall,
} from '@goqemu/vm';
import { inMemory } from './sdk-errors.ts';

/** Milliseconds between the first socket of a process that ends and its last. */
const endingMs = 250;

/** A VM that this object alone drives: its lock is held. */
export class HeldVm {
  readonly place: StandalonePlace;
  readonly #lock: FileLock;
  readonly #reconnectMs: number;
  readonly #logger: Logger;
  #record: StandaloneRecord;
  #machine: Machine | undefined;
  #session: GuestSession | undefined;
  #watch = new AbortController();
  /** Why commands that were under way have been cut short. */
  #cutShort = '';
  /** The tidying up after a machine that has ended by itself. */
  #tidying: Promise<void> = Promise.resolve();
  #watching: Promise<void> = Promise.resolve();

  constructor(place: StandalonePlace, record: StandaloneRecord, lock: FileLock, reconnectMs: number) {
    this.place = place;
    this.#record = record;
    this.#lock = lock;
    this.#reconnectMs = reconnectMs;
    this.#logger = place.host.logger;
  }

  get record(): StandaloneRecord {
    return this.#record;
  }

  /** Created for each use: ports may have changed. */
  get vm(): Vm {
    return new Vm(this.place.host, this.place.scope, this.#record.spec);
  }

  /** Undefined while it does not run. */
  get machine(): Machine | undefined {
    return this.#machine;
  }

  get cutShort(): string {
    return this.#cutShort;
  }

  describe(record: StandaloneRecord): void {
    this.#record = record;
  }

  /** The session of the running machine, and of none other. */
  async session(): Promise<GuestSession> {
    this.#session ??= await this.vm.openSession({ reconnectMs: this.#reconnectMs });
    return this.#session;
  }

  /** Starts the machine, or takes hold of it where it runs. One that does not become ready is switched off again. */
  async start(call: VmCall): Promise<void> {
    await this.#tidying;
    const vm = this.vm;
    try {
      const session = await this.session();
      this.run(await startVm(vm, session, call), session);
    } catch (error) {
      await this.#switchOff('could not be started');
      throw error;
    }
  }

  /** Keeps the RAM of the machine that runs, and ends it. One that cannot be suspended runs on. */
  async suspend(call: VmCall): Promise<void> {
    const machine = this.#machine;
    if (!machine) return;
    if (this.#record.snapshots === 'memory') throw inMemory(this.#record.name);
    const session = await this.session();
    this.#watch.abort(); // its end is no surprise now
    try {
      await suspendVm(this.vm, machine, session, call);
    } catch (error) {
      if (await isAlive(machine.record)) this.run(machine, session);
      else await this.#switchOff('could not be suspended');
      throw error;
    }
    await this.disconnect('was suspended');
  }

  /** Takes a suspended machine on; where that fails it stays suspended. */
  async resume(call: VmCall): Promise<void> {
    await this.#tidying;
    const session = await this.session();
    try {
      this.run(await resumeVm(this.vm, session, call), session);
    } catch (error) {
      await this.disconnect('could not be resumed');
      throw error;
    }
  }

  /** Takes hold of a machine that runs; where that fails it is left as it is. */
  async attach(call: VmCall): Promise<void> {
    const session = await this.session();
    this.run(await startVm(this.vm, session, call), session);
  }

  /**
   * Has another machine take this one's place. What fails before this one has gone leaves it as it is.
   *
   * @param why what has become of commands that were under way, should it succeed
   */
  async replace(why: string, work: (session: GuestSession) => Promise<Machine>): Promise<void> {
    await this.#tidying;
    this.#watch.abort(); // its end is no surprise now
    const former = this.#machine;
    const session = await this.vm.openSession({ reconnectMs: this.#reconnectMs });
    try {
      const machine = await work(session);
      await this.disconnect(why);
      this.#session = session;
      this.run(machine, session);
    } catch (error) {
      await session.close();
      if (former && (await isAlive(former.record))) this.run(former, await this.session());
      else await this.#switchOff('could not be taken back to a snapshot');
      throw error;
    }
  }

  /** Whether a session is still connected to the running machine. */
  isCurrent(session: GuestSession): boolean {
    return this.#session === session;
  }

  /** Resolves when a machine that has ended by itself is tidied up after. */
  async settled(): Promise<void> {
    if (this.#machine && (await isEnding(this.#machine))) await this.#watching;
    await this.#tidying;
  }

  /** From now on this machine is the one; its end and its resets are noticed. */
  run(machine: Machine, session: GuestSession): void {
    this.#machine = machine;
    this.#watch = new AbortController();
    const { signal } = this.#watch;
    const unsubscribe = machine.qmp.on('RESET', ({ data }) => {
      if (data.guest) session.reset('the guest rebooted');
    });
    signal.addEventListener('abort', unsubscribe, { once: true });
    this.#watching = machine.wait({ signal }).then(
      () => {
        if (this.#machine === machine && !signal.aborted) this.#tidying = this.#tidyUp();
      },
      () => undefined, // the watch was stopped
    );
  }

  async #tidyUp(): Promise<void> {
    const { name } = this.#record;
    this.#logger.log('warn', 'sdk', `VM "${name}" has ended by itself`);
    await this.#switchOff('has ended by itself').catch((error: unknown) => {
      // The next start comes upon it again, and tells its caller.
      this.#logger.log('error', 'sdk', `VM "${name}" could not be tidied up`, { reason: errorMessage(error) });
    });
  }

  async #switchOff(why: string): Promise<void> {
    await this.disconnect(why);
    await killVm(this.vm, {});
  }

  /** Lets go of a machine that ends or is left running; commands under way fail with the reason. */
  async disconnect(why: string): Promise<void> {
    this.#watch.abort();
    this.#cutShort = why;
    const [machine, session] = [this.#machine, this.#session];
    this.#machine = undefined;
    this.#session = undefined;
    await session?.close();
    await machine?.close();
  }

  async release(): Promise<void> {
    await this.disconnect('was detached');
    await this.#lock[Symbol.asyncDispose]();
  }
}

/** A QEMU that was killed is in the process table until its sockets have closed, the session's before the monitor's. */
async function isEnding({ record, qmp }: Machine): Promise<boolean> {
  if (!(await isAlive(record))) return true;
  const waited = new AbortController();
  const stays = sleep(endingMs, waited.signal).then(
    () => false,
    () => true, // the wait was stopped
  );
  try {
    return await Promise.race([qmp.closed.then(() => true), stays]);
  } finally {
    waited.abort();
  }
}
