import { hasErrorCode, withDeadline } from '@goqemu/core';
import { Greeting, type GreetingMode } from './greeting.ts';
import type { PortLine } from './port-line.ts';

/** Milliseconds after which a greeting is sent again. */
const againMs = 400;

/**
 * Greets the program in the guest.
 *
 * @returns undefined when nothing answers within the time, or the port is closed
 */
export async function greet(
  line: PortLine,
  mode: GreetingMode,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Greeting | undefined> {
  const greeting = new Greeting(mode);
  let again: NodeJS.Timeout | undefined;
  try {
    return await withDeadline('the answer of the program in the guest', timeoutMs, signal, () => {
      const answered = new Promise<Greeting | undefined>((resolve) => {
        line.receive((bytes) => {
          // The guest speaks next when it is spoken to: what would follow the answer is not of this session.
          if (greeting.push(bytes) !== undefined) resolve(greeting);
          else if (greeting.isDrowned) resolve(undefined);
        });
        void line.closed.then(() => resolve(undefined));
      });
      line.write(greeting.bytes);
      again = setInterval(() => line.write(greeting.bytes), againMs);
      return answered;
    });
  } catch (error) {
    if (hasErrorCode(error, 'timeout')) return undefined;
    throw error;
  } finally {
    clearInterval(again);
    line.receive(() => undefined);
  }
}
