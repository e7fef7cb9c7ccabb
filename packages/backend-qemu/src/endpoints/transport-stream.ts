import { Duplex } from 'node:stream';
import type { Transport } from '@goqemu/protocol';

/** A connection to a machine's socket as a Node.js stream; its end is also that of the turn that it was given. */
export function transportStream(transport: Transport): Duplex {
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => transport.resume(),
    write(chunk: Buffer, _encoding, done) {
      transport.write(chunk);
      done();
    },
    final: (done) => closed(transport, done),
    destroy: (error, done) => closed(transport, () => done(error)),
  });
  transport.onBytes((bytes) => {
    if (!stream.push(bytes)) transport.pause();
  });
  void transport.closed.then(({ error }) => (error ? stream.destroy(error) : stream.push(null)));
  return stream;
}

function closed(transport: Transport, done: (error?: Error | null) => void): void {
  transport.close().then(() => done(), done);
}
