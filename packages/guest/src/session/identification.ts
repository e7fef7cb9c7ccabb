import type { Duplex } from 'node:stream';

/** The software version of RFC 4253 §4.2, which the client names. */
export const clientSoftware = 'goqemu';
const line = Buffer.from(`SSH-2.0-${clientSoftware}\r\n`);

/**
 * Says the client's identification at once, as RFC 4253 §4.2 has both sides do, instead of when the server has said
 * its own: passt before 2023-03-29 (Debian 12) tells the guest of a connection only with the client's first bytes.
 */
export function introduce(socket: Duplex): void {
  socket.write(line);
}

/** ssh2 begins with the same line, whatever was sent before: that one is left out. */
export function leaveOutIntroduction(socket: Duplex): void {
  const write: (chunk: Uint8Array, ...rest: never[]) => boolean = socket.write;
  socket.write = ((chunk: Uint8Array, ...rest: never[]) => {
    socket.write = write;
    return line.equals(chunk) ? true : write.call(socket, chunk, ...rest);
  }) as typeof socket.write;
}
