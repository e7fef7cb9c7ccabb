import { GoqemuError } from '@goqemu/core';
import type { ExecuteOptions, QmpClient } from '@goqemu/protocol';
import { forwardText, macAddress, netdevId, netdevProperties } from '../arguments/network-arguments.ts';
import { type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import type { Forward } from '../configuration/network.ts';
import { freePort, type UnplugOptions, unplug } from './hot-plug.ts';

type NetworkInput = NonNullable<MachineConfigInput['networks']>[number];

/** The network cards of a machine. */
export class NetworkCards {
  readonly #qmp: QmpClient;
  readonly #uuid: string;

  constructor(qmp: QmpClient, uuid: string) {
    this.#qmp = qmp;
    this.#uuid = uuid;
  }

  /** Plugs a card into the running machine; on a PCI Express machine it takes one of the `hotplugPorts`. */
  async plug(network: NetworkInput & { readonly id: string }, options: ExecuteOptions = {}): Promise<void> {
    const checked = parseMachineConfig({ networks: [network] }).networks[0];
    if (!checked) throw new Error('a configuration of one network has one network');
    const netdev = netdevProperties(checked);
    if (netdev) await this.#qmp.executeUntyped('netdev_add', netdev, options);
    try {
      const device = {
        driver: checked.model === 'virtio-net' ? 'virtio-net-pci' : checked.model,
        id: checked.id,
        mac: checked.mac ?? macAddress(this.#uuid, seedOf(checked.id)),
        ...(netdev ? { netdev: netdevId(checked) } : {}),
        ...(await freePort(this.#qmp, options)),
      };
      await this.#qmp.executeUntyped('device_add', device, options);
    } catch (error) {
      if (netdev) await this.#qmp.execute('netdev_del', { id: netdevId(checked) }, options);
      throw error;
    }
  }

  /**
   * Pulls a card out, and ends its network.
   *
   * @throws GoqemuError `unplug-refused` when the guest does not let go of it
   */
  async unplug(id: string, options: UnplugOptions = {}): Promise<void> {
    await unplug(this.#qmp, id, options);
    await this.#qmp.execute('netdev_del', { id: netdevId({ id }) }, options);
  }

  /** Plugs the cable in or pulls it; the guest sees the carrier. */
  async setLink(id: string, up: boolean, options: ExecuteOptions = {}): Promise<void> {
    await this.#qmp.execute('set_link', { name: id, up }, options);
  }

  /**
   * Adds a forward to a user-mode network; one that was restored from a state starts without its forwards as long as
   * the ports are another machine's.
   *
   * @throws GoqemuError `port-taken`
   */
  async addForward(id: string, forward: Forward, options: ExecuteOptions = {}): Promise<void> {
    const said = await this.#qmp.humanMonitor(`hostfwd_add ${netdevId({ id })} ${forwardText(forward)}`, options);
    if (said.trim() === '') return;
    throw new GoqemuError({
      code: /Could not set up host forwarding/.test(said) ? 'port-taken' : 'forward-failed',
      source: 'environment',
      subject: id,
      message: `${forward.protocol} port ${forward.hostPort} of ${forward.hostAddress} cannot be forwarded`,
      detail: said.trim(),
      hint: 'choose another port, or end the process that listens there',
    });
  }

  /** Takes a forward away; connections that were made through it stay. */
  async removeForward(id: string, forward: Forward, options: ExecuteOptions = {}): Promise<void> {
    const { protocol, hostAddress, hostPort } = forward;
    const rule = `${protocol}:${hostAddress}:${hostPort}`;
    const said = await this.#qmp.humanMonitor(`hostfwd_remove ${netdevId({ id })} ${rule}`, options);
    if (/removed/.test(said)) return;
    throw new GoqemuError({
      code: 'forward-missing',
      source: 'user',
      subject: id,
      message: `${id} has no forward from ${rule}`,
      detail: said.trim(),
      hint: 'look at `info usernet` in the human monitor',
    });
  }
}

/** Positions of cards that were there from the start are small numbers; an id gives a large one. */
function seedOf(id: string): number {
  return [...id].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 2 ** 31, 1000);
}
