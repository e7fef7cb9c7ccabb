import { createServer, type Server, type Socket } from 'node:net';
import { asGoqemuError, GoqemuError, isGoqemuError, schemaMismatch } from '@goqemu/core';
import { LineSplitter } from '@goqemu/protocol';
import { type RequestMessage, requestMessage, type SwitchIdentity } from './messages.ts';

/** The longest line that is read: a configuration of a thousand ports has some 300 kB. */
const longestLine = 8 * 2 ** 20;
/** Clients at once; each command line is one for a moment. */
const mostClients = 64;

/** Carries a message out: its result goes into the answer. With `stream`, the connection is the command's afterwards. */
export type CommandHandler = (request: RequestMessage, stream: Socket) => Promise<unknown>;

/** What {@link CommandHandler} returns when the connection carries something else after the answer. */
export interface TakesOver {
  readonly result: unknown;
  readonly takeOver: (stream: Socket) => void;
}

/**
 * Serves the control socket of a switch: a line with its identity first, then a line of JSON for each line of JSON, in
 * the order of the requests.
 */
export class ControlServer {
  readonly #identity: SwitchIdentity;
  readonly #handle: CommandHandler;
  #server: Server;
  readonly #clients = new Set<Socket>();

  constructor(identity: SwitchIdentity, handle: CommandHandler) {
    this.#identity = identity;
    this.#handle = handle;
    this.#server = this.#newServer();
  }

  #newServer(): Server {
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = mostClients;
    return server;
  }

  /** Listens at a Unix socket or a named pipe. */
  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => resolve());
    });
  }

  /** Listens at the path again, where its socket was removed; connections that stand continue. */
  async listenAgain(path: string): Promise<void> {
    this.#server.close();
    this.#server = this.#newServer();
    await this.listen(path);
  }

  /** Ends every connection once what was written to it has left. */
  close(): void {
    this.#server.close();
    for (const client of this.#clients) client.destroySoon();
  }

  #serve(socket: Socket): void {
    this.#clients.add(socket);
    socket.on('close', () => this.#clients.delete(socket));
    socket.on('error', () => undefined); // 'close' follows
    socket.write(`${JSON.stringify({ switch: this.#identity })}\n`);
    let turn = Promise.resolve();
    let isTakenOver = false;
    const answer = async (line: Buffer) => {
      if (isTakenOver || socket.destroyed) return;
      const { reply, takeOver } = await this.#answer(line, socket);
      if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
      if (!takeOver) return;
      isTakenOver = true;
      takeOver(socket);
    };
    const lines = new LineSplitter((line) => {
      const copy = Buffer.from(line);
      turn = turn.then(() => answer(copy));
    }, longestLine);
    socket.on('data', (bytes) => {
      if (!isTakenOver && !lines.push(bytes)) socket.destroy();
    });
  }

  async #answer(line: Buffer, socket: Socket): Promise<{ reply: object; takeOver?: (stream: Socket) => void }> {
    let id: unknown;
    try {
      const { request, givenId } = parse(line);
      id = givenId;
      const result = await this.#handle(request, socket);
      if (isTakingOver(result)) return { reply: { id, result: result.result }, takeOver: result.takeOver };
      return { reply: { id, result: result ?? {} } };
    } catch (error) {
      id ??= (error as { requestId?: unknown }).requestId;
      return { reply: { id, error: errorReply(error) } };
    }
  }
}

function parse(line: Buffer): { request: RequestMessage; givenId: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch (error) {
    throw invalid(`a line is not JSON: ${(error as Error).message}`);
  }
  const givenId = (value as { id?: unknown } | null)?.id;
  const parsed = requestMessage.safeParse(value);
  if (parsed.success) return { request: parsed.data, givenId };
  throw Object.assign(invalid(schemaMismatch(parsed.error)), { requestId: givenId });
}

function invalid(message: string): GoqemuError {
  return new GoqemuError({
    code: 'switch-config-invalid',
    source: 'user',
    message: `a message to the switch is not valid: ${message}`,
    hint: '"goqemu help networks" lists the messages',
  });
}

function isTakingOver(result: unknown): result is TakesOver {
  return typeof result === 'object' && result !== null && 'takeOver' in result;
}

function errorReply(thrown: unknown): object {
  const error = isGoqemuError(thrown) ? thrown : asGoqemuError(thrown);
  const { code, source, message, subject, detail, hint } = error;
  return { code, source, message, subject, detail, hint };
}
