import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { GoqemuError, type GoqemuErrorOptions, parseJson, withDeadline } from '@goqemu/core';
import type { CaptureRequestInput, SwitchIdentity } from './messages.ts';
import type { SwitchClientOptions } from './switch-client.ts';

/**
 * A capture as it comes, in pcapng, for instance for `tshark -r -`. It ends when it is destroyed, or with the switch.
 *
 * @throws GoqemuError `switch-port-unknown`, `switch-failed`, `switch-replaced`; `timeout`
 */
export async function streamCapture(
  { path, uuid, timeoutMs = 10_000 }: SwitchClientOptions,
  capture: Omit<CaptureRequestInput, 'file'>,
): Promise<Readable> {
  const socket = connect({ path });
  try {
    await withDeadline('starting the capture', timeoutMs, undefined, async (signal) => {
      await once(socket, 'connect', { signal });
      const greeting = (await readLine(socket, signal)) as { switch?: SwitchIdentity } | undefined;
      if (!greeting?.switch || (uuid !== undefined && greeting.switch.uuid !== uuid)) throw notThere(path);
      socket.write(`${JSON.stringify({ command: 'capture-stream', ...capture })}\n`);
      const answer = (await readLine(socket, signal)) as { error?: GoqemuErrorOptions } | undefined;
      if (!answer) throw notThere(path);
      if (answer.error) throw new GoqemuError(answer.error);
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** One line of JSON; what follows it stays to be read. */
async function readLine(socket: Readable, signal: AbortSignal): Promise<unknown> {
  let text = Buffer.alloc(0);
  for (;;) {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) {
      if (socket.readableEnded || socket.destroyed) return undefined;
      await Promise.race([once(socket, 'readable', { signal }), once(socket, 'close', { signal })]);
      continue;
    }
    text = Buffer.concat([text, bytes]);
    const end = text.indexOf(0x0a);
    if (end < 0) continue;
    if (end + 1 < text.length) socket.unshift(text.subarray(end + 1));
    return parseJson(text.toString('utf8', 0, end));
  }
}

function notThere(path: string): GoqemuError {
  return new GoqemuError({
    code: 'switch-replaced',
    source: 'environment',
    subject: path,
    message: `what answers at ${path} is not the lab's switch`,
    hint: 'run "goqemu refresh", then apply',
  });
}
