import type { CommandStream, OutputChunk } from '@goqemu/guest';

/** A stream that can be had before its command has begun; errors are told through `explain`. */
export function relayStream(
  command: string,
  opening: Promise<CommandStream>,
  explain: (error: unknown) => unknown,
): CommandStream {
  const ending = opening
    .then((stream) => stream.ending)
    .catch((error: unknown) => {
      throw explain(error);
    });
  ending.catch(() => undefined); // whoever takes the output hears of it
  async function* output(): AsyncGenerator<OutputChunk> {
    try {
      yield* await opening;
    } catch (error) {
      throw explain(error);
    }
  }
  return { command, ending, [Symbol.asyncIterator]: output };
}
