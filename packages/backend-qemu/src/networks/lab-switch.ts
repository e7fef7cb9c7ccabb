import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { lengthPrefixedDigest } from '@goqemu/core';
import type { BackendCall, CaptureOf, NetworkConfiguration, NetworkView, ObservedNetwork } from '@goqemu/lab';
import { defaultRuntimeFolder } from '@goqemu/machine';
import {
  endSwitch,
  findSwitch,
  lastSwitch,
  SwitchClient,
  startSwitch,
  stopSwitch,
  streamCapture,
} from '@goqemu/network';
import { type NetworkFaults, networkDown } from '@goqemu/spec';
import type { VmHost } from '@goqemu/vm';
import { captureOfMachine, networkViews } from './network-views.ts';
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
    this.#place = { folder, uuid: switchUuid(lineage) };
  }

  async observe(): Promise<ReadonlyMap<string, ObservedNetwork>> {
    await using client = await this.#find();
    if (!client) return new Map(this.#last());
    const { networks } = await client.status();
    return new Map(networks.map(({ name }) => [name, { status: 'running' }]));
  }

  /** Starts the process where it does not run, and makes it what is wanted. */
  async apply(wanted: NetworkConfiguration, { signal }: BackendCall): Promise<void> {
    const { platform } = this.#host;
    const record = await startSwitch({
      ...this.#place,
      program: switchProgram(),
      label: this.#labFolder,
      platform,
      signal,
    });
    await using client = await SwitchClient.connect({ path: record.control, uuid: this.#place.uuid });
    await client.configure(switchConfigurationOf(wanted, { labFolder: this.#labFolder, platform }));
  }

  /** Holds machines until the result is disposed of; none where the switch does not run, as nothing passes then. */
  async hold(machines: readonly string[]): Promise<AsyncDisposable> {
    const client = await this.#find();
    if (!client) return { [Symbol.asyncDispose]: async () => undefined };
    try {
      await client.hold(machines);
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  async view(): Promise<readonly NetworkView[]> {
    await using client = await this.#find();
    return client ? networkViews(await client.status(), await client.counters()) : [];
  }

  /** @throws GoqemuError `network-down` */
  async setFaults(faults: Readonly<Record<string, NetworkFaults | null>>): Promise<void> {
    await using client = await this.#find();
    if (!client) throw networkDown(Object.keys(faults)[0] ?? '');
    const { faults: before, networks } = await client.status();
    const missing = Object.keys(faults).find((name) => !networks.some((network) => network.name === name));
    if (missing !== undefined) throw networkDown(missing);
    const own = Object.entries({ ...before.networks, ...faults }).flatMap(([name, its]) => (its ? [[name, its]] : []));
    await client.setFaults({ ...before, networks: Object.fromEntries(own) });
  }

  /** @throws GoqemuError `network-down` */
  async capture(of: CaptureOf): Promise<Readable> {
    const record = await findSwitch(this.#place.folder, this.#place.uuid, { platform: this.#host.platform });
    if (!record) throw networkDown('network' in of ? of.network : of.machine);
    const where = { path: record.control, uuid: this.#place.uuid };
    return streamCapture(where, 'network' in of ? of : captureOfMachine(of));
  }

  /** Ends the process; what was applied and set stays for the next one. */
  async stop(): Promise<void> {
    await stopSwitch({ ...this.#place, platform: this.#host.platform });
  }

  async remove(): Promise<void> {
    await endSwitch({ ...this.#place, platform: this.#host.platform });
  }

  /** What the process carried that ran last. */
  #last(): readonly (readonly [string, ObservedNetwork])[] {
    const last = lastSwitch(this.#place.folder, this.#place.uuid, this.#host.platform);
    const reason = last?.hasDied ? 'its switch has died' : 'its switch was stopped';
    return last?.networks.map((name) => [name, { status: 'down', reason }] as const) ?? [];
  }

  /** A connection to the switch that runs; undefined where none does. */
  async #find(): Promise<SwitchClient | undefined> {
    const record = await findSwitch(this.#place.folder, this.#place.uuid, { platform: this.#host.platform });
    return record && SwitchClient.connect({ path: record.control, uuid: this.#place.uuid });
  }
}

/** The same for the same stack, so that its switch is found again. */
export function switchUuid(lineage: string): string {
  const digest = lengthPrefixedDigest(['goqemu-switch', lineage]);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `4${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
