import {
  anySignal,
  errorMessage,
  formatDuration,
  GoqemuError,
  removeAbandonedDrafts,
  removeUnlessHeld,
} from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import { continueOnOverlay, createOverlay, diskFile, type Machine, type RamCapture } from '@goqemu/machine';
import { setGuestClock } from '../guest/guest-clock.ts';
import type { Standby } from '../guest/standby.ts';
import type { Layer } from '../layers/layer.ts';
import { captureMachine } from '../ram/capture-machine.ts';
import { checkDisk } from '../ram/host-room.ts';
import { variablesName } from '../vm/uefi-variables.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { VmState } from '../vm/vm-state.ts';
import { CutFiles } from './cut-files.ts';
import { describeCut } from './describe-cut.ts';
import { dropSupersededRam } from './drop-superseded-ram.ts';
import { diskId } from './machine-configuration.ts';
import { qemuImg } from './qemu-img.ts';
import { quietGuest } from './quiet-guest.ts';
import { ResetWatch } from './reset-watch.ts';
import { resumeAfterFullDisk } from './resume-after-full-disk.ts';
import { settledState } from './settled-state.ts';

export interface CutOptions {
  /** 64 lower-case hex digits. */
  readonly key: string;
  readonly parent?: string;
  readonly ram: boolean;
  readonly supersedes?: readonly string[];
  /** Where the RAM is kept: `memory` is quicker on slow disks, and gone when the host is. @default 'disk' */
  readonly store?: 'disk' | 'memory';
  readonly descriptions: readonly string[];
}

/** One machine that is cut, and what becomes of it. */
export interface CutPart {
  readonly vm: Vm;
  /** Undefined for one that is not running: its disk is taken as it is. */
  readonly machine: Machine | undefined;
  readonly session: GuestSession;
  readonly options: CutOptions;
}

/**
 * One machine's part of a cut, in strokes: everything that can be done while the guest runs is done before it stops or
 * after it resumes.
 *
 * Order is what makes a crash harmless: the disk gets its second name in the layer's folder first; the machine's folder
 * names the new overlay, which reads like the disk below whether or not QEMU has moved there, before QEMU does; the
 * manifest, which makes it a layer, is written last.
 */
export class LayerCut implements AsyncDisposable {
  readonly vm: Vm;
  readonly machine: Machine | undefined;
  readonly #session: GuestSession;
  readonly #options: CutOptions;
  readonly #call: VmCall;
  #state: VmState;
  readonly #files: CutFiles;
  readonly #overlay: string;
  #capture: RamCapture | undefined;
  #standby: Standby | undefined;
  #hadStandby = false;
  #wasRunning = false;
  #named = false;
  #moved = false;
  readonly #begun = performance.now();
  #stoppedAt = 0;
  #pauseMs = 0;
  #finished = false;
  readonly #resets: ResetWatch;

  /** Leaves the guest alone, but makes everything ready; `await using` removes what an unfinished cut leaves. */
  static async begin(part: CutPart, call: VmCall): Promise<LayerCut> {
    const { vm, machine, options } = part;
    await removeAbandonedDrafts(vm.folder.path);
    const state = await settledState(vm, machine, call);
    if (state.suspended) throw cutsNoSuspended(vm.spec.name);
    const files = await CutFiles.claim(vm, options.key, options.store);
    const cut = new LayerCut(part, call, { state, files, overlay: await vm.folder.nextDisk() });
    try {
      await cut.#prepare();
      return cut;
    } catch (error) {
      await cut[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    { vm, machine, session, options }: CutPart,
    call: VmCall,
    parts: { readonly state: VmState; readonly files: CutFiles; readonly overlay: string },
  ) {
    this.vm = vm;
    this.machine = machine;
    this.#session = session;
    this.#options = options;
    this.#call = call;
    this.#state = parts.state;
    this.#files = parts.files;
    this.#overlay = parts.overlay;
    this.#resets = new ResetWatch(vm.spec.name, machine);
  }

  /** Milliseconds that the guest stood still; 0 for a machine that was not running. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  async #prepare(): Promise<void> {
    const { vm, machine } = this;
    if (machine && this.#options.ram) this.#capture = await captureMachine(vm, machine, this.#files, this.#call);
    const { name } = vm.spec;
    const need = { what: `a checkpoint of ${name}`, machine: name, folder: this.#files.ramFolder };
    await checkDisk(vm.host, { ...need, bytes: this.#capture?.bytes ?? 0 });
    await this.#files.takeDisk(vm.folder.file(this.#state.disk));
    await createOverlay(vm.folder.file(this.#overlay), {
      qemuImg: await qemuImg(vm, this.#call.signal),
      backing: this.#files.disk,
      ...this.#limits,
    });
    vm.trace('cut: the disk has its second name, and an overlay');
  }

  /**
   * The last before the guest stops: has it write out its data, and leaves a process in it that will set the clock when
   * the guest resumes; meanwhile the host copies of the RAM what is there already. The machine's folder names the overlay
   * from here on.
   */
  async sync(): Promise<void> {
    const { vm, machine } = this;
    const failed = new AbortController();
    const prepared = this.#capture?.prepare().then(() => vm.trace('cut: prepared'));
    // A guest whose disk is on a file system that the copy has filled writes nothing out until that is gone again.
    prepared?.catch((error: unknown) => failed.abort(error));
    const works = await Promise.allSettled([prepared, machine && this.#syncGuest(machine, failed.signal)]);
    for (const work of works) if (work.status === 'rejected') throw work.reason;
    this.#resets.throwIfReset();
    this.#named = true;
    await vm.update({ disk: this.#overlay });
    vm.trace('cut: the folder names the overlay');
  }

  async #syncGuest(machine: Machine, failed: AbortSignal): Promise<void> {
    const guest = { vm: this.vm, machine, session: this.#session, begun: this.#begun };
    const call = { ...this.#call, signal: anySignal(failed, this.#call.signal) };
    const { agent, standby } = await quietGuest({ ...guest, keepsRam: this.#capture !== undefined }, call);
    this.#state = { ...this.#state, agent };
    this.#standby = standby;
    this.#hadStandby = standby !== undefined;
  }

  /** Stops the guest, if it runs. */
  async stop(): Promise<void> {
    if (!this.machine) return;
    this.#wasRunning = (await this.machine.status()) === 'running';
    this.#stoppedAt = performance.now();
    if (this.#wasRunning) await this.machine.pause();
    this.vm.trace('cut: the guest stands still');
  }

  /** Moves the disk to its overlay, and takes UEFI variables, RAM and devices. */
  async take(): Promise<void> {
    const { vm } = this;
    if (this.machine) await this.#moveDisk(this.machine);
    this.#moved = true;
    if (vm.spec.firmware === 'uefi') await this.#files.takeVariables(vm.folder.file(variablesName(this.#state)));
    this.vm.trace('cut: the disk has moved');
    await this.#capture?.take();
    this.vm.trace('cut: RAM and devices are taken');
  }

  async #moveDisk({ qmp }: Machine): Promise<void> {
    const nodeName = `${diskId}-${this.#overlay.slice(5, -6)}`;
    try {
      await continueOnOverlay(qmp, diskId, { path: this.vm.folder.file(this.#overlay), nodeName }, this.#call.signal);
    } catch (error) {
      // QEMU refused and is where it was; one that has ended may have moved, and then the overlay is right.
      const file = await diskFile(qmp, diskId).catch(() => undefined);
      this.#moved = file !== this.vm.folder.file(this.#state.disk);
      throw error;
    }
  }

  /** Takes the guest on; never left out, whatever went wrong. */
  async goOn(): Promise<void> {
    if (!this.machine || this.#stoppedAt === 0) return;
    if (this.#wasRunning) await this.machine.resume();
    this.#pauseMs = performance.now() - this.#stoppedAt;
    this.#stoppedAt = 0;
    this.vm.trace('cut: the guest runs');
  }

  /**
   * Gives the guest the time that it stood still, and its random generator a seed that its layer does not have. A clock
   * that cannot be set is no reason to lose the cut.
   */
  async setClock(): Promise<void> {
    const { machine } = this;
    const standby = this.#standby;
    this.#standby = undefined;
    if (!machine || !this.#wasRunning) return standby?.leave();
    const { agent = false } = this.#state;
    const signal = this.#resets.limit(this.#call.signal);
    try {
      await setGuestClock({ machine, session: this.#session, agent, standby }, { ...this.#call, signal });
      this.vm.trace('cut: the guest knows the time');
      await standby?.dismiss({ signal });
    } catch (error) {
      this.#tellClock(error);
    } finally {
      await standby?.leave();
    }
  }

  #tellClock(error: unknown): void {
    if (this.#call.signal?.aborted || this.#resets.hasReset) return;
    const { name } = this.vm.spec;
    const behind = formatDuration(this.#pauseMs);
    const message = `the clock of ${name} may be ${behind} behind, since it could not be set: ${errorMessage(error)}`;
    this.#call.onProgress?.({ kind: 'notice', code: 'clock-not-set', message });
  }

  /**
   * Makes the files durable and the layer one.
   *
   * @throws GoqemuError `guest-rebooted` for a guest that was cut on its way down
   */
  async finish(group?: string): Promise<Layer> {
    this.#resets.throwIfReset();
    const standby = this.#hadStandby;
    const { key, parent, descriptions } = this.#options;
    await this.#capture?.finish();
    await this.#files.makeDurable(this.#capture?.form);
    this.vm.trace('cut: the files are durable');
    await this.vm.update({ layer: this.#options.key });
    this.vm.trace('cut: the folder names the layer');
    const manifest = await describeCut(this.vm, this.#state, this.#files, {
      key,
      descriptions,
      ...(parent ? { parent } : {}),
      ...(this.#capture ? { ram: this.#capture.form } : {}),
      ...(group ? { group } : {}),
      standby,
    });
    const layer = await this.vm.host.layers.seal(manifest);
    this.#finished = true;
    this.vm.trace('cut: the manifest is written');
    // Its first name: where QEMU has it open, and the host lets no such name go, the next start or restore removes it.
    await removeUnlessHeld(this.vm.folder.file(this.#state.disk));
    return layer;
  }

  /** Gives up what the new layer makes superfluous; only when all of the cut is a layer. */
  supersede(): Promise<void> {
    return dropSupersededRam(this.vm, this.#options.supersedes ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resets[Symbol.dispose]();
    await this.#standby?.leave();
    if (!this.#finished) {
      await this.#files.removeCopies();
      if (this.#capture && this.machine) await resumeAfterFullDisk(this.vm, this.machine);
      if (!this.#moved) {
        if (this.#named) await this.vm.update({ disk: this.#state.disk });
        await removeUnlessHeld(this.vm.folder.file(this.#overlay)); // QEMU may have opened it and refused all the same
        await this.#files.removeDisk();
      }
    }
    await this.#files.release();
  }

  get #limits(): { readonly signal?: AbortSignal } {
    return this.#call.signal ? { signal: this.#call.signal } : {};
  }
}

/** The RAM that it is suspended with belongs to the disk as it is. */
function cutsNoSuspended(name: string): GoqemuError {
  return new GoqemuError({
    code: 'power-refused',
    source: 'user',
    subject: name,
    message: `${name} is suspended: no checkpoint of it can be taken`,
    hint: `resume it first: goqemu resume ${name}`,
  });
}
