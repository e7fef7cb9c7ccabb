import type { CommandPipe } from '../session/command-connection.ts';
import type { CommandInput } from './command-options.ts';

/**
 * Writes the preamble, then the input, as fast as the guest takes it. Ends early, without an error, when the
 * command is over: a command need not read its input.
 *
 * @throws what the input's iterator throws
 */
export async function feed(
  channel: CommandPipe,
  preamble: string,
  input: CommandInput | undefined,
  over: Promise<unknown>,
): Promise<void> {
  let ended = false;
  const end = over.then(() => {
    ended = true;
  });
  const write = async (chunk: string | Uint8Array): Promise<void> => {
    if (ended || chunk.length === 0 || !channel.writable) return;
    if (channel.write(chunk)) return;
    let drained: () => void = () => undefined;
    const drain = new Promise<void>((resolve) => {
      drained = resolve;
    });
    channel.once('drain', drained);
    await Promise.race([drain, end]); // ssh2 never drains a closed channel
    channel.off('drain', drained);
  };
  await write(preamble);
  if (typeof input === 'string' || input instanceof Uint8Array) await write(input);
  else if (input)
    for await (const chunk of input) {
      if (ended) break;
      await write(chunk);
    }
  if (!ended) channel.end();
}
