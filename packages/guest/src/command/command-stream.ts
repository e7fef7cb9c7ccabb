import { anySignal, errorMessage } from '@goqemu/core';
import type { Ending } from './command-channel.ts';
import type { Flow } from './run-command.ts';

/** A piece of output, as it came. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/**
 * The output of a running command. The guest is held back while nothing reads it, so memory stays bounded whatever
 * the command prints; leaving the loop early ends the command in the guest.
 *
 * @example
 * for await (const { data } of session.stream('journalctl -f')) process.stdout.write(data);
 */
export interface CommandStream extends AsyncIterable<OutputChunk> {
  readonly command: string;
  /** How it ended; rejects as `exec` would. Settles only when the output has been taken. */
  readonly ending: Promise<Ending>;
}

interface Sink {
  onFlow(flow: Flow): void;
  onOutput(stream: OutputChunk['stream'], data: Buffer): void;
}

/** Bytes that may wait to be taken before the guest is held back. */
const highWater = 2 ** 20;

export function openCommandStream(
  command: string,
  start: (signal: AbortSignal, sink: Sink) => Promise<Ending>,
  signal: AbortSignal | undefined,
): CommandStream {
  const stop = new AbortController();
  const queue: OutputChunk[] = [];
  let waiting = 0;
  let flow: Flow | undefined;
  let over = false;
  let wake: () => void = () => undefined;
  const ending = start(anySignal(signal, stop.signal), {
    onFlow(given) {
      flow = given;
    },
    onOutput(stream, data) {
      queue.push({ stream, data });
      waiting += data.length;
      if (waiting > highWater) flow?.pause();
      wake();
    },
  });
  const finished = () => {
    over = true;
    wake();
  };
  ending.then(finished, finished); // the failure itself is thrown where the output is taken

  async function* output(): AsyncGenerator<OutputChunk> {
    try {
      for (;;) {
        const chunk = queue.shift();
        if (chunk) {
          waiting -= chunk.data.length;
          if (waiting <= highWater / 2) flow?.resume();
          yield chunk;
        } else if (over) {
          await ending;
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      if (!over) {
        flow?.resume(); // what is still under way is thrown away
        stop.abort(new Error('the output is no longer wanted'));
        await ending.catch(errorMessage);
      }
    }
  }
  return { command, ending, [Symbol.asyncIterator]: output };
}
