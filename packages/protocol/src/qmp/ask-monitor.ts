import { timeoutError } from '@goqemu/core';
import { type Reply, readReply } from '../channel/reply.ts';
import { LineSplitter } from '../framing/line-splitter.ts';
import { excerpt, parseMessage } from '../framing/message.ts';
import type { Transport } from '../transports/transport.ts';
import { readGreeting } from './greeting.ts';
import { noGreetingError, notQmpError, QmpCommandError, qmpClosedError } from './qmp-errors.ts';

export interface AskOptions {
  /** Milliseconds for all of the answers. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Beyond any answer to a question about a machine's state, in bytes. */
const lineLimit = 2 ** 20;

/**
 * Asks a monitor a few questions without arguments in one breath: negotiation and all of them leave in one write, before
 * the greeting is read. QEMU takes commands in the order in which they come (QEMU docs/interop/qmp-spec), so the answers
 * come in that order. A look at twenty machines costs a third of what twenty clients do. The transport stays the caller's
 * to close.
 *
 * @returns what each command returned
 * @throws QmpCommandError when QEMU refuses one; GoqemuError `timeout`, `qmp-no-greeting`, `qmp-closed`, `qmp-garbage`;
 * the signal's reason
 */
export async function askMonitor(
  transport: Transport,
  commands: readonly string[],
  { timeoutMs, signal }: AskOptions,
): Promise<readonly unknown[]> {
  signal?.throwIfAborted();
  const { peer } = transport;
  const names = ['qmp_capabilities', ...commands];
  const answers: unknown[] = [];
  let greeted = false;
  return new Promise((resolve, reject) => {
    const leave = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const abort = () => leave(() => reject(signal?.reason));
    const fail = (error: Error) => leave(() => reject(error));
    const timer = setTimeout(
      () => fail(greeted ? timeoutError(names[answers.length] ?? '', timeoutMs) : noGreetingError(peer, timeoutMs)),
      timeoutMs,
    );
    signal?.addEventListener('abort', abort, { once: true });
    const take = (reply: Reply) => {
      const name = names[answers.length] ?? '';
      if ('error' in reply) return fail(new QmpCommandError(name, reply.error));
      answers.push(reply.return);
      if (answers.length === names.length) leave(() => resolve(answers.slice(1)));
    };
    const splitter = new LineSplitter((line) => {
      const message = parseMessage(line);
      if (message === undefined || answers.length === names.length) return;
      const reply = message === 'garbage' ? undefined : readReply(message);
      if (message === 'garbage') fail(notQmpError(peer, excerpt(line)));
      else if (reply) take(reply);
      else if (readGreeting(message)) greeted = true;
      else if (typeof message.event !== 'string') fail(notQmpError(peer, excerpt(line)));
    }, lineLimit);
    transport.onBytes((bytes) => {
      if (!splitter.push(bytes)) fail(notQmpError(peer, `a line of more than ${lineLimit} bytes`));
    });
    void transport.closed.then(({ error }) => fail(qmpClosedError(peer, names[answers.length], error)));
    transport.write(names.map((name) => `${JSON.stringify({ execute: name })}\n`).join(''));
  });
}
