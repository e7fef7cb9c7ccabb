import { LineSplitter } from '../framing/line-splitter.ts';
import type { Transport } from '../transports/transport.ts';
import type { RecordedLine } from './recorded-line.ts';

/**
 * Hands each line of a session to `onLine`, in both directions, and changes nothing on its way. A recording holds
 * whatever was said, secrets too.
 *
 * @example
 * const lines: RecordedLine[] = [];
 * const transport = recordSession(await openTransport({ path }), (line) => lines.push(line));
 * await using qmp = await QmpClient.connect(transport);
 */
export function recordSession(transport: Transport, onLine: (line: RecordedLine) => void): Transport {
  const began = performance.now();
  const splitter = (from: RecordedLine['from']) =>
    new LineSplitter((line) =>
      onLine({ at: Math.round(performance.now() - began), from, line: line.toString('latin1').replace(/\r$/, '') }),
    );
  const sent = splitter('client');
  const got = splitter('server');
  const recorded: Transport = {
    peer: transport.peer,
    closed: transport.closed,
    onBytes: (receiver) =>
      transport.onBytes((bytes) => {
        got.push(bytes);
        receiver(bytes);
      }),
    write: (bytes) => {
      sent.push(Buffer.from(bytes as Uint8Array));
      transport.write(bytes);
    },
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    close: () => transport.close(),
    [Symbol.asyncDispose]: () => transport.close(),
  };
  if (!transport.sendWithDescriptor) return recorded;
  return {
    ...recorded,
    sendWithDescriptor: (text, descriptor) => {
      sent.push(Buffer.from(text));
      return transport.sendWithDescriptor?.(text, descriptor) ?? Promise.resolve();
    },
  };
}
