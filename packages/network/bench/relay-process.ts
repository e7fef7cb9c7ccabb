/** A bare relay between two Unix sockets, as little as Node.js needs for it: `node relay-process.ts A B`. */
import { connect, type Socket } from 'node:net';

const [one, other] = process.argv.slice(2).map((path) => connect({ path }));
if (one && other) {
  relay(one, other);
  relay(other, one);
}

function relay(from: Socket, to: Socket): void {
  from.on('data', (bytes) => {
    if (!to.write(bytes)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('close', () => process.exit());
}
