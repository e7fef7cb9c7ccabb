import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { errorMessage, GoqemuError } from '@goqemu/core';
import { portName } from '../control/configuration.ts';
import type { CaptureRequest } from '../control/messages.ts';
import type { Switch } from '../switch.ts';
import { Capture } from './capture.ts';

/** What a capture is and has come to. */
export interface CaptureReport {
  readonly id: number;
  /** Which network or machine it is of. */
  readonly of: string;
  /** Its file; undefined for one that is read as a stream. */
  readonly file?: string;
  readonly frames: number;
  readonly bytes: number;
  /** Frames that were left out, because they came faster than they could be written. */
  readonly dropped: number;
  /** Why it ended; undefined while it runs. */
  readonly ended?: string;
}

interface Entry {
  readonly request: CaptureRequest;
  readonly capture: Capture;
}

/** Reports of captures that have ended are kept for so many. */
const keptReports = 100;

/** The captures of a switch, by their numbers. */
export class Captures {
  readonly #switch: Switch;
  readonly #entries = new Map<number, Entry>();
  #next = 1;

  constructor(its: Switch) {
    this.#switch = its;
  }

  /**
   * Begins to write to a new file, or over one that is there.
   *
   * @throws GoqemuError `capture-failed`, `switch-port-unknown`
   */
  async startFile(request: CaptureRequest, file: string): Promise<number> {
    this.check(request);
    const output = createWriteStream(file, { mode: 0o600 });
    try {
      await new Promise<void>((resolve, reject) => {
        output.once('open', () => resolve());
        output.once('error', reject);
      });
    } catch (error) {
      throw new GoqemuError({
        code: 'capture-failed',
        source: 'environment',
        subject: file,
        message: `the capture cannot be written to ${file}: ${errorMessage(error)}`,
        hint: 'choose a file in a folder that you may write to',
        cause: error,
      });
    }
    return this.#start({ ...request, file }, output);
  }

  /** Begins to write to a stream, and ends when that is closed. */
  startStream(request: CaptureRequest, output: Writable): number {
    this.check(request);
    return this.#start(request, output);
  }

  /** @throws GoqemuError `switch-port-unknown` for a capture that is not there */
  async stop(id: number): Promise<CaptureReport> {
    const entry = this.#entries.get(id);
    if (!entry) {
      throw new GoqemuError({
        code: 'switch-port-unknown',
        source: 'user',
        subject: String(id),
        message: `there is no capture ${id}`,
        hint: 'list the captures to see their numbers',
      });
    }
    await entry.capture.stop();
    return report(id, entry);
  }

  list(): CaptureReport[] {
    return [...this.#entries].map(([id, entry]) => report(id, entry));
  }

  /** Networks came or went: captures of machines see the new ones, those of a network that is gone end. */
  attach(): void {
    for (const { request, capture } of this.#entries.values()) {
      if (capture.ended !== undefined) continue;
      const isGone = request.machine === undefined && !this.#switch.networks.has(request.network ?? '');
      if (isGone) void capture.stop('its network was removed');
      else this.#observe(request, capture);
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ capture }) => capture.stop('the switch ended')));
  }

  /** @throws GoqemuError `switch-port-unknown` */
  check({ network, machine, card }: CaptureRequest): void {
    if (machine !== undefined) this.#switch.portsOf(machine, card);
    else this.#switch.networkOf(network ?? '');
  }

  #start(request: CaptureRequest, output: Writable): number {
    const id = this.#next++;
    const { machine, card, snapLength, maxBytes } = request;
    const capture: Capture = new Capture({
      output,
      snapLength,
      maxBytes,
      comment: `goqemu: ${describe(request)}`,
      includes: (port, direction) => {
        if (machine === undefined) return direction === 'fromMachine';
        return card === undefined ? port.name.startsWith(`${machine}:`) : port.name === portName({ machine, card });
      },
      onEnd: () => this.#detach(capture),
    });
    this.#entries.set(id, { request, capture });
    this.#forgetOld();
    this.#observe(request, capture);
    return id;
  }

  #observe({ network, machine }: CaptureRequest, capture: Capture): void {
    for (const [name, { network: its }] of this.#switch.networks)
      if (machine !== undefined || name === network) its.observers.add(capture);
  }

  #detach(capture: Capture): void {
    for (const { network } of this.#switch.networks.values()) network.observers.delete(capture);
  }

  #forgetOld(): void {
    const ended = [...this.#entries].filter(([, { capture }]) => capture.ended !== undefined);
    for (const [id] of ended.slice(0, -keptReports)) this.#entries.delete(id);
  }
}

function describe({ network, machine, card }: CaptureRequest): string {
  if (machine === undefined) return `network ${network}, each frame where it enters`;
  return `${card === undefined ? `machine ${machine}` : `card ${portName({ machine, card })}`}, both directions`;
}

function report(id: number, { request, capture }: Entry): CaptureReport {
  const { frames, bytes, dropped, ended } = capture;
  const { file, network, machine, card } = request;
  const of = machine === undefined ? `network ${network}` : card === undefined ? machine : portName({ machine, card });
  return { id, of, ...(file ? { file } : {}), frames, bytes, dropped, ...(ended ? { ended } : {}) };
}
