import { GoqemuError } from '@goqemu/core';
import { type ExecuteOptions, isQmpCommandError, type QmpClient } from '@goqemu/protocol';
import { driveNodes, topNode } from '../arguments/drive-arguments.ts';
import type { ThrottleLimits } from '../configuration/drive.ts';
import { type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import { AddedParts, unlimited } from './added-parts.ts';
import { freePort } from './hot-plug.ts';
import { Unplugging, type UnplugOptions } from './unplugging.ts';

/** A disk or CD drive as it is now. */
export interface BlockDevice {
  /** The device's id, as in the configuration. */
  readonly id: string;
  readonly removable: boolean;
  readonly trayOpen: boolean;
  /** Absent in an empty CD drive. */
  readonly medium?: {
    /** The topmost node: the newest overlay. */
    readonly node: string;
    readonly file: string;
    readonly format: string;
    readonly readOnly: boolean;
    /** Bytes that the guest sees. */
    readonly size: number;
    /** Files below this one. */
    readonly backingDepth: number;
  };
  readonly ioStatus?: string;
}

/** A disk as a configuration has it: an entry of `drives`. */
export type DriveInput = NonNullable<MachineConfigInput['drives']>[number];

/** The disks and CD drives of a machine. */
export class BlockDevices {
  readonly #qmp: QmpClient;
  readonly #unplugging: Unplugging;

  constructor(qmp: QmpClient) {
    this.#qmp = qmp;
    this.#unplugging = new Unplugging(qmp);
  }

  async list(options: ExecuteOptions = {}): Promise<BlockDevice[]> {
    const blocks = await this.#qmp.execute('query-block', undefined, options);
    return blocks
      .filter((block) => block.qdev)
      .map((block) => ({
        id: idOfPath(block.qdev ?? ''),
        removable: block.removable,
        trayOpen: block.tray_open ?? false,
        ...(block['io-status'] ? { ioStatus: block['io-status'] } : {}),
        ...(block.inserted
          ? {
              medium: {
                node: block.inserted['node-name'] ?? '',
                file: block.inserted.file,
                format: block.inserted.drv,
                readOnly: block.inserted.ro,
                size: block.inserted.image['virtual-size'],
                backingDepth: block.inserted.backing_file_depth,
              },
            }
          : {}),
      }));
  }

  /** Limits what a device may read and write, at once; a limit of 0 or none lifts it (QEMU docs/throttle.txt). */
  async throttle(id: string, limits: ThrottleLimits, options: ExecuteOptions = {}): Promise<void> {
    await this.#qmp.execute(
      'block_set_io_throttle',
      {
        id: await this.#backendOf(id, options),
        bps: limits.bytesTotal ?? 0,
        bps_rd: limits.bytesRead ?? 0,
        bps_wr: limits.bytesWrite ?? 0,
        iops: limits.iopsTotal ?? 0,
        iops_rd: limits.iopsRead ?? 0,
        iops_wr: limits.iopsWrite ?? 0,
      },
      options,
    );
  }

  /** Puts another disc into a CD drive; the tray opens and closes for it. */
  async changeMedium(id: string, path: string, options: ExecuteOptions = {}): Promise<void> {
    await this.#qmp.execute(
      'blockdev-change-medium',
      { id, filename: path, format: 'raw', 'read-only-mode': 'read-only', force: true },
      options,
    );
  }

  /** Empties a CD drive, even when the guest has locked its tray. */
  async eject(id: string, options: ExecuteOptions = {}): Promise<void> {
    await this.#qmp.execute('eject', { id, force: true }, options);
  }

  /**
   * Plugs a disk into the running machine, with the nodes and the id that it would have had from the start. A virtio
   * or NVMe disk on a PCI Express machine takes one of its `hotplugPorts`; a SCSI disk needs the machine to have a
   * SCSI controller. What is given up half-way goes again, also when QEMU answers later.
   *
   * @throws GoqemuError `hotplug-port-missing`; QmpCommandError when QEMU refuses the file or the device
   */
  async plug(drive: DriveInput & { readonly id: string }, options: ExecuteOptions = {}): Promise<void> {
    const checked = parseMachineConfig({ drives: [drive] }).drives[0];
    if (!checked) throw new Error('a configuration of one drive has one drive');
    const { id } = checked;
    const parts = new AddedParts(this.#qmp, options);
    try {
      for (const node of driveNodes(checked)) {
        const name = String(node['node-name']);
        await parts.add({ command: 'blockdev-add', args: node, undo: () => this.#removeNodes([name]) });
      }
      const { driver, bus, serial } = await this.#placeOf(id, checked.interface, checked.serial, options);
      const device = { driver, id, drive: topNode(checked), ...bus, ...(serial ? { serial } : {}) };
      const undo = () => this.#unplugging.ask(id, () => this.#removeNodes(nodesOf(id)));
      await parts.add({ command: 'device_add', args: device, undo });
    } catch (error) {
      await parts.takeBack();
      throw error;
    }
    this.#unplugging.forget(id);
  }

  /**
   * Pulls a disk out, and closes its files. The guest has to let go of a PCI device; when it does so only after
   * `timeoutMs`, its files are closed then. Of a disk that the guest has let go of by itself the files are closed.
   *
   * @throws GoqemuError `unplug-refused` when the guest has not within `timeoutMs` (default 10 s)
   */
  async unplug(id: string, options: UnplugOptions = {}): Promise<void> {
    const { signal } = options;
    const before = (await this.list(signal ? { signal } : {})).find((device) => device.id === id);
    const nodes = nodesOf(id, before?.medium?.node);
    await this.#unplugging.unplug(id, () => this.#removeNodes(nodes), options);
  }

  /**
   * All at once, in this order: what the caller asks next finds them gone. A node that is not there, that others use, or
   * that goes with those above it, is refused by QEMU.
   */
  async #removeNodes(names: readonly string[]): Promise<number> {
    const removals = names.map((name) => this.#qmp.execute('blockdev-del', { 'node-name': name }, unlimited));
    const results = await Promise.allSettled(removals);
    const failed = results.find((result) => result.status === 'rejected' && !isQmpCommandError(result.reason));
    if (failed?.status === 'rejected') throw failed.reason;
    return results.filter((result) => result.status === 'fulfilled').length;
  }

  /** A virtio device keeps its block backend one object further down; `query-block` names the right one. */
  async #backendOf(id: string, options: ExecuteOptions): Promise<string> {
    const blocks = await this.#qmp.execute('query-block', undefined, options);
    return blocks.find((block) => idOfPath(block.qdev ?? '') === id)?.qdev ?? id;
  }

  async #placeOf(id: string, kind: string, serial: string | undefined, options: ExecuteOptions) {
    switch (kind) {
      case 'scsi':
        return { driver: 'scsi-hd', bus: { bus: 'scsi.0' }, serial };
      case 'usb':
        return { driver: 'usb-storage', bus: { bus: 'usb.0' }, serial };
      case 'sata':
        throw new GoqemuError({
          code: 'hotplug-unsupported',
          source: 'user',
          subject: id,
          message: 'QEMU plugs in no SATA disk while the machine runs',
          hint: "use interface 'virtio', 'scsi' or 'usb'",
        });
      case 'nvme':
        return { driver: 'nvme', bus: await freePort(this.#qmp, options), serial: serial ?? id };
      default:
        return { driver: 'virtio-blk-pci', bus: await freePort(this.#qmp, options), serial };
    }
  }
}

/** From the top down. */
function nodesOf(id: string, top: string = id): string[] {
  return [...new Set([top, topNode({ id, throttleGroup: 'any' }), id, `${id}-file`])];
}

/** `/machine/peripheral/disk0/virtio-backend`: what follows `peripheral` is the id. */
function idOfPath(path: string): string {
  return /^\/machine\/peripheral\/([^/]+)/.exec(path)?.[1] ?? path;
}
