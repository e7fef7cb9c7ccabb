import type { SwitchNetwork } from '../bridge/switch-network.ts';
import type { Outlet, SwitchPort } from '../bridge/switch-port.ts';
import { prefixBytes } from '../frames/frame-reader.ts';
import type { Gateway } from './gateway.ts';

/** Answers that may wait; they leave after each piece that is read. */
const mostAnswers = 1024;

/** Frames for a network's gateway, whose answers leave when the port is flushed. */
export class GatewayOutlet implements Outlet {
  readonly isConnected = true;
  readonly #gateway: Gateway;
  readonly #network: SwitchNetwork;
  #answers: Buffer[] = [];
  /** The gateway's own port. */
  port: SwitchPort | undefined;

  constructor(gateway: Gateway, network: SwitchNetwork) {
    this.#gateway = gateway;
    this.#network = network;
  }

  send(source: number, bytes: Buffer, start: number, end: number): number {
    let dropped = 0;
    const port = this.#network.ports.find(({ number }) => number === source)?.name;
    for (let at = start; at < end; ) {
      const next = at + prefixBytes + bytes.readUInt32BE(at);
      const answer =
        this.#answers.length < mostAnswers ? this.#gateway.answer(bytes, at + prefixBytes, next, port) : undefined;
      if (answer) this.#answers.push(answer);
      else if (this.#answers.length >= mostAnswers) dropped += 1;
      at = next;
    }
    return dropped;
  }

  flush(): void {
    const answers = this.#answers;
    this.#answers = [];
    for (const answer of answers) this.say(answer);
  }

  /** Sends frames that answer nothing which is just being read. */
  sayLater(frames: readonly Buffer[]): void {
    this.#network.begin();
    for (const frame of frames) this.say(frame);
    this.#network.end();
  }

  /** The gateway sends a frame, with its length before it. */
  say(frame: Buffer): void {
    if (this.port) this.#network.receive(this.port, frame, prefixBytes, frame.length);
  }
}
