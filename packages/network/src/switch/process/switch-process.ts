import { existsSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  acquireFileLock,
  errorMessage,
  type FileLock,
  type HostPlatform,
  ownIdentity,
  parseJson,
  readOwnText,
  systemErrorCode,
} from '@goqemu/core';
import { z } from 'zod';
import { Captures } from '../capture/captures.ts';
import { switchConfiguration } from '../control/configuration.ts';
import { ControlServer, type TakesOver } from '../control/control-server.ts';
import { faultSettings } from '../control/fault-settings.ts';
import { protocolVersion, type RequestMessage, type SwitchCounters, type SwitchStatus } from '../control/messages.ts';
import { Switch } from '../switch.ts';
import { KeptFiles } from './kept-files.ts';
import { type SwitchFiles, type SwitchRecord, switchFiles } from './switch-files.ts';

/** Milliseconds between looks at the folder: without it the process ends, and what is damaged in it is made again. */
const folderCheckMs = 1_000;

const keptState = z.strictObject({ configuration: switchConfiguration, faults: faultSettings });

export interface SwitchProcessOptions {
  readonly folder: string;
  readonly uuid: string;
  readonly platform: HostPlatform;
  /** Called when it has ended, whatever made it end. */
  readonly onEnd: () => void;
  readonly log: (text: string) => void;
}

/** A switch with its control socket and its files, as long as its folder is there. */
export class SwitchProcess {
  readonly #options: SwitchProcessOptions;
  readonly #files: SwitchFiles;
  readonly #switch = new Switch();
  readonly #captures = new Captures(this.#switch);
  readonly #record: SwitchRecord;
  readonly #server: ControlServer;
  readonly #lock: FileLock;
  readonly #kept = new KeptFiles();
  #folderCheck: NodeJS.Timeout | undefined;
  #healing: Promise<void> | undefined;
  /** Why the folder could not be healed the last time. */
  #trouble = '';
  #isEnding = false;

  /**
   * Takes the folder over from a process that has ended, and continues with what was applied there.
   *
   * @throws GoqemuError `locked` when a switch runs there
   */
  static async start(options: SwitchProcessOptions): Promise<SwitchProcess> {
    const files = switchFiles(options.folder, options.uuid, options.platform);
    const lock = await acquireFileLock(files.lock, { command: 'the switch of a lab', waitMs: 5_000 });
    const identity = await ownIdentity();
    const record = { ...identity, uuid: options.uuid, control: files.control };
    const its = new SwitchProcess(options, files, record, lock);
    its.#restore();
    if (options.platform.system !== 'win32') rmSync(files.control, { force: true });
    await its.#server.listen(files.control);
    await its.#kept.write(files.record, `${JSON.stringify(record, undefined, 2)}\n`);
    its.#watch();
    options.log(`switch ${options.uuid} started, process ${record.pid}`);
    return its;
  }

  private constructor(options: SwitchProcessOptions, files: SwitchFiles, record: SwitchRecord, lock: FileLock) {
    this.#options = options;
    this.#files = files;
    this.#record = record;
    this.#lock = lock;
    this.#server = new ControlServer(this.#identity(), (request, stream) => this.#handle(request, stream));
  }

  /** Looks at the folder from time to time. */
  #watch(): void {
    const { folder } = this.#files;
    const { ino, dev } = statSync(folder);
    this.#folderCheck = setInterval(() => {
      const found = statSync(folder, { throwIfNoEntry: false });
      if (found?.ino !== ino || found.dev !== dev) void this.end('its folder is gone');
      else if (!this.#isEnding) this.#healing ??= this.#heal().finally(() => (this.#healing = undefined));
    }, folderCheckMs);
  }

  /** Without its record or its socket no command would find the process, and none could take its place. */
  async #heal(): Promise<void> {
    const { log, platform } = this.#options;
    try {
      const healed = await this.#kept.heal();
      if (platform.system !== 'win32' && !existsSync(this.#files.control)) {
        await this.#server.listenAgain(this.#files.control);
        log(`${this.#files.control} was gone, and is there again`);
      }
      for (const path of healed) log(`${path} was damaged, and is written again`);
      this.#trouble = '';
    } catch (error) {
      const trouble = errorMessage(error);
      if (trouble !== this.#trouble)
        log(`the folder of the switch cannot be written to; it is tried again: ${trouble}`);
      this.#trouble = trouble;
    }
  }

  /** Ends the captures and connections, and removes what it made; what was applied stays for the next one. */
  async end(reason: string): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.log(`switch ${this.#record.uuid} ends: ${reason}`);
    clearInterval(this.#folderCheck);
    await this.#healing;
    await this.#captures.stopAll();
    this.#switch.close();
    this.#server.close();
    for (const path of [this.#files.record, this.#files.control]) removeIfThere(path);
    await this.#lock[Symbol.asyncDispose]();
    this.#options.onEnd();
  }

  #identity() {
    const { uuid, pid } = this.#record;
    return { protocol: protocolVersion, uuid, pid };
  }

  /** A state that is damaged is not taken for an empty one: the log says so, and the next configuration replaces it. */
  #restore(): void {
    const text = readOwnText(this.#files.state);
    if (text === undefined) return;
    const state = keptState.safeParse(parseJson(text));
    if (!state.success) {
      this.#options.log('the state that was applied last cannot be read; waiting for a new one');
      return;
    }
    this.#kept.found(this.#files.state, text);
    this.#switch.configure(state.data.configuration);
    this.#switch.setFaults(state.data.faults);
  }

  async #save(): Promise<void> {
    const { configuration, faults } = this.#switch;
    await this.#kept.write(this.#files.state, `${JSON.stringify({ configuration, faults })}\n`);
  }

  async #handle(request: RequestMessage, stream: Socket): Promise<unknown> {
    switch (request.command) {
      case 'identity':
        return this.#identity();
      case 'configure':
        this.#switch.configure(request.configuration);
        this.#captures.attach();
        await this.#save();
        return {};
      case 'faults':
        this.#switch.setFaults(request.faults);
        await this.#save();
        return {};
      case 'status':
        return this.#status();
      case 'counters':
        return this.#counters();
      case 'flush':
        return this.#switch.flush(request.machine, request.card);
      case 'hold':
        stream.once('close', this.#switch.hold(request.machines)); // it is open: it has just been read from
        return {};
      case 'announce':
        return { frames: this.#switch.announce(request.machine, request.card) };
      case 'dial':
        this.#switch.dial();
        return {};
      case 'shutdown':
        setImmediate(() => void this.end('on command'));
        return {};
      default:
        return await this.#capture(request);
    }
  }

  async #capture(request: RequestMessage): Promise<unknown> {
    switch (request.command) {
      case 'capture-start': {
        const { file, id: _, command: _command, ...wanted } = request;
        return { capture: await this.#captures.startFile(wanted, file) };
      }
      case 'capture-stream': {
        const { id: _, command: _command, ...wanted } = request;
        this.#captures.check(wanted);
        const takeOver = (stream: Socket) => void this.#captures.startStream(wanted, stream);
        return { result: {}, takeOver } satisfies TakesOver;
      }
      case 'capture-stop':
        return await this.#captures.stop(request.capture);
      case 'captures':
        return this.#captures.list();
      default:
        throw new Error(`no handler for ${request.command}`);
    }
  }

  #status(): SwitchStatus {
    const { configuration, faults, networks, ports } = this.#switch;
    return {
      identity: this.#identity(),
      networks: [...networks].map(([name, { network, internet }]) => ({
        name,
        stations: network.table.size,
        refusals: internet.refusals.list(),
      })),
      ports: [...ports].map(
        ([
          port,
          {
            configuration: { network },
            isConnected,
            waiting,
          },
        ]) => ({
          port,
          network,
          isConnected,
          waiting,
        }),
      ),
      configuration,
      faults,
    };
  }

  #counters(): SwitchCounters {
    const { networks, ports } = this.#switch;
    return Object.fromEntries([
      ...[...ports].map(([name, { port }]) => [name, port.counters]),
      ...[...networks].map(([name, { gatewayPort }]) => [`${name}:${gatewayPort.name}`, gatewayPort.counters]),
    ]);
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' && systemErrorCode(error) !== 'ENOTDIR') throw error;
  }
}
