/** A port's host side, as `Transport` of the package for protocols has it. */
export interface PortTransport {
  onBytes(receiver: (bytes: Buffer) => void): void;
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
  readonly closed: Promise<unknown>;
}

/** A transport whose receiver changes: first who greets, then who speaks. */
export class PortLine {
  readonly #transport: PortTransport;
  #receiver: (bytes: Buffer) => void = () => undefined;
  #hasClosed = false;

  constructor(transport: PortTransport) {
    this.#transport = transport;
    transport.onBytes((bytes) => this.#receiver(bytes));
    void transport.closed.then(() => {
      this.#hasClosed = true;
    });
  }

  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  get closed(): Promise<unknown> {
    return this.#transport.closed;
  }

  receive(receiver: (bytes: Buffer) => void): void {
    this.#receiver = receiver;
  }

  write(bytes: Uint8Array): void {
    this.#transport.write(bytes);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
