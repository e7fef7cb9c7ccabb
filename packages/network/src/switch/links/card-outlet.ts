import { EgressQueue } from '../bridge/egress-queue.ts';
import type { Outlet } from '../bridge/switch-port.ts';
import type { DialledLink } from './dialled-link.ts';

/** What leaves for one card: frames wait in a bounded queue while its QEMU reads more slowly than others send. */
export class CardOutlet implements Outlet {
  readonly #link: DialledLink;
  readonly queue: EgressQueue;

  constructor(link: DialledLink, queue = new EgressQueue()) {
    this.#link = link;
    this.queue = queue;
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  send(source: number, bytes: Buffer, start: number, end: number): number {
    return this.queue.append(source, bytes, start, end);
  }

  flush(): void {
    const piece = this.queue.take();
    if (piece) this.#link.write(piece, this.#written);
  }

  readonly #written = (): void => {
    this.queue.written();
    this.flush();
  };
}
