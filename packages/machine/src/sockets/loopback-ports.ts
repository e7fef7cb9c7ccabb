import { createServer, type Server } from 'node:net';

/**
 * Ports of loopback at which no program listens, each given out once. They are held until this is disposed of, which is to be just
 * before QEMU opens them: if a program takes one meanwhile, the start fails with `port-taken`.
 */
export class LoopbackPorts implements AsyncDisposable {
  readonly #held: Server[] = [];

  async take(count: number): Promise<readonly number[]> {
    return await Promise.all(Array.from({ length: count }, () => this.#one()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#held.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #one(): Promise<number> {
    const server = createServer();
    this.#held.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return (server.address() as { port: number }).port;
  }
}
