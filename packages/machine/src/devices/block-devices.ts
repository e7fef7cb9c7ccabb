import { GoqemuError } from '@goqemu/core';
import type { ExecuteOptions, QmpClient } from '@goqemu/protocol';
import { driveNodes, topNode } from '../arguments/drive-arguments.ts';
import type { ThrottleLimits } from '../configuration/drive.ts';
import { type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import { freePort, type UnplugOptions, unplug } from './hot-plug.ts';

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

type DriveInput = NonNullable<MachineConfigInput['drives']>[number];

/** The disks and CD drives of a machine. */
export class BlockDevices {
  readonly #qmp: QmpClient;

  constructor(qmp: QmpClient) {
    this.#qmp = qmp;
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
   * SCSI controller.
   *
   * @throws GoqemuError `hotplug-port-missing`; QmpCommandError when QEMU refuses the file or the device
   */
  async plug(drive: DriveInput & { readonly id: string }, options: ExecuteOptions = {}): Promise<void> {
    const checked = parseMachineConfig({ drives: [drive] }).drives[0];
    if (!checked) throw new Error('a configuration of one drive has one drive');
    const added: string[] = [];
    try {
      for (const node of driveNodes(checked)) {
        await this.#qmp.executeUntyped('blockdev-add', node, options);
        added.unshift(String(node['node-name']));
      }
      const { driver, bus, serial } = await this.#placeOf(checked.id, checked.interface, checked.serial, options);
      const device = { driver, id: checked.id, drive: topNode(checked), ...bus, ...(serial ? { serial } : {}) };
      await this.#qmp.executeUntyped('device_add', device, options);
    } catch (error) {
      for (const node of added) await this.#qmp.execute('blockdev-del', { 'node-name': node }, options);
      throw error;
    }
  }

  /**
   * Pulls a disk out, and closes its files. The guest has to let go of a PCI device.
   *
   * @throws GoqemuError `unplug-refused` when the guest has not within `timeoutMs` (10 s unless given)
   */
  async unplug(id: string, options: UnplugOptions = {}): Promise<void> {
    const before = (await this.list()).find((device) => device.id === id);
    await unplug(this.#qmp, id, options);
    const names = (await this.#qmp.execute('query-named-block-nodes', { flat: true })).map((node) => node['node-name']);
    const nodes = [before?.medium?.node ?? id, `${id}-throttle`, id, `${id}-file`];
    for (const node of new Set(nodes)) {
      if (names.includes(node)) await this.#qmp.execute('blockdev-del', { 'node-name': node });
    }
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

/** `/machine/peripheral/disk0/virtio-backend`: what follows `peripheral` is the id. */
function idOfPath(path: string): string {
  return /^\/machine\/peripheral\/([^/]+)/.exec(path)?.[1] ?? path;
}
