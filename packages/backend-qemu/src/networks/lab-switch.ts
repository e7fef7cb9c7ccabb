import { join } from 'node:path';
import { lengthPrefixedDigest } from '@goqemu/core';
import type { BackendCall, NetworkConfiguration, ObservedNetwork } from '@goqemu/lab';
import { defaultRuntimeFolder } from '@goqemu/machine';
import { endSwitch, findSwitch, SwitchClient, startSwitch } from '@goqemu/network';
import type { VmHost } from '@goqemu/vm';
import { switchConfigurationOf } from './switch-configuration.ts';
import { switchProgram } from './switch-program.ts';

/** The process that carries the networks of one stack of a lab. */
export class LabSwitch {
  readonly #host: VmHost;
  readonly #labFolder: string;
  readonly #place: { readonly folder: string; readonly uuid: string };

  constructor(host: VmHost, labFolder: string, lineage: string) {
    this.#host = host;
    this.#labFolder = labFolder;
    const folder = defaultRuntimeFolder(join(labFolder, 'switch'), host.platform);
    this.#place = { folder, uuid: uuidOf(lineage) };
  }

  async observe(): Promise<ReadonlyMap<string, ObservedNetwork>> {
    const { platform } = this.#host;
    const record = await findSwitch(this.#place.folder, this.#place.uuid, { platform });
    if (!record) return new Map();
    await using client = await SwitchClient.connect({ path: record.control, uuid: this.#place.uuid });
    const { networks } = await client.status();
    return new Map(networks.map(({ name }) => [name, { status: 'running' }]));
  }

  /** Starts the process where it does not run, and makes it what is wanted. */
  async apply(wanted: NetworkConfiguration, { signal }: BackendCall): Promise<void> {
    const { platform } = this.#host;
    const record = await startSwitch({ ...this.#place, program: switchProgram(), platform, signal });
    await using client = await SwitchClient.connect({ path: record.control, uuid: this.#place.uuid });
    await client.configure(switchConfigurationOf(wanted, { labFolder: this.#labFolder, platform }));
  }

  /** Holds machines until the result is disposed of; none where the switch does not run, as nothing passes then. */
  async hold(machines: readonly string[]): Promise<AsyncDisposable> {
    const record = await findSwitch(this.#place.folder, this.#place.uuid, { platform: this.#host.platform });
    if (!record) return { [Symbol.asyncDispose]: async () => undefined };
    const client = await SwitchClient.connect({ path: record.control, uuid: this.#place.uuid });
    try {
      await client.hold(machines);
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await endSwitch({ ...this.#place, platform: this.#host.platform });
  }
}

/** The same for the same stack, so that its switch is found again. */
function uuidOf(lineage: string): string {
  const digest = lengthPrefixedDigest(['goqemu-switch', lineage]);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `4${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
