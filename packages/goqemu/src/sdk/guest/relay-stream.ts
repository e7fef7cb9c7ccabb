import type { CommandStream, OutputChunk } from '@goqemu/guest';

interface Opened {
  readonly stream: CommandStream;
  /** Says why a stream broke, where it was not its connection's fault. */
  readonly explain: (error: unknown) => Promise<unknown>;
}

/** A stream that can be had before its command has begun. */
export function relayStream(command: string, opening: Promise<Opened>): CommandStream {
  const ending = opening.then(({ stream, explain }) =>
    stream.ending.catch(async (error: unknown) => {
      throw await explain(error);
    }),
  );
  ending.catch(() => undefined); // the reader of the output receives it
  async function* output(): AsyncGenerator<OutputChunk> {
    const { stream, explain } = await opening;
    try {
      yield* stream;
    } catch (error) {
      throw await explain(error);
    }
  }
  return { command, ending, [Symbol.asyncIterator]: output };
}
