import { GoqemuError } from '@goqemu/core';
import { type ExecuteOptions, isQmpCommandError, type QmpClient } from '@goqemu/protocol';
import { forwardText, macAddress, netdevId, netdevProperties } from '../arguments/network-arguments.ts';
import { type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import type { Forward } from '../configuration/network.ts';
import { AddedParts, unlimited } from './added-parts.ts';
import { freePort } from './hot-plug.ts';
import { Unplugging, type UnplugOptions } from './unplugging.ts';

/** Milliseconds for a forward: unlike other commands of the human monitor, it waits for nothing. */
const forwardMs = 30_000;

/** A network card as a configuration has it: an entry of `networks`. */
export type NetworkInput = NonNullable<MachineConfigInput['networks']>[number];

/** The network cards of a machine. */
export class NetworkCards {
  readonly #qmp: QmpClient;
  readonly #uuid: string;
  readonly #unplugging: Unplugging;

  constructor(qmp: QmpClient, uuid: string) {
    this.#qmp = qmp;
    this.#unplugging = new Unplugging(qmp);
    this.#uuid = uuid;
  }

  /** Plugs a card into the running machine; on a PCI Express machine it takes one of the `hotplugPorts`. */
  async plug(network: NetworkInput & { readonly id: string }, options: ExecuteOptions = {}): Promise<void> {
    const checked = parseMachineConfig({ networks: [network] }).networks[0];
    if (!checked) throw new Error('a configuration of one network has one network');
    const { id } = checked;
    const netdev = netdevProperties(checked);
    const parts = new AddedParts(this.#qmp, options);
    try {
      if (netdev) await parts.add({ command: 'netdev_add', args: netdev, undo: () => this.#removeNetdev(id) });
      const device = {
        driver: checked.model === 'virtio-net' ? 'virtio-net-pci' : checked.model,
        id,
        mac: checked.mac ?? macAddress(this.#uuid, seedOf(id)),
        ...(netdev ? { netdev: netdevId(checked) } : {}),
        ...(await freePort(this.#qmp, options)),
      };
      const undo = () => this.#unplugging.ask(id, () => this.#removeNetdev(id));
      await parts.add({ command: 'device_add', args: device, undo });
    } catch (error) {
      await parts.takeBack();
      throw error;
    }
    this.#unplugging.forget(id);
  }

  /**
   * Pulls a card out, and ends its network; when the guest lets go only after `timeoutMs`, the network ends then.
   *
   * @throws GoqemuError `unplug-refused` when the guest does not let go of it
   */
  async unplug(id: string, options: UnplugOptions = {}): Promise<void> {
    await this.#unplugging.unplug(id, () => this.#removeNetdev(id), options);
  }

  /** A card without a cable has none. */
  async #removeNetdev(id: string): Promise<number> {
    try {
      await this.#qmp.execute('netdev_del', { id: netdevId({ id }) }, unlimited);
      return 1;
    } catch (error) {
      if (isQmpCommandError(error)) return 0;
      throw error;
    }
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
    const limits = { timeoutMs: forwardMs, ...options };
    const said = await this.#qmp.humanMonitor(`hostfwd_add ${netdevId({ id })} ${forwardText(forward)}`, limits);
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
    const limits = { timeoutMs: forwardMs, ...options };
    const said = await this.#qmp.humanMonitor(`hostfwd_remove ${netdevId({ id })} ${rule}`, limits);
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
