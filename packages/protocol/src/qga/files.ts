import { GoqemuError, orAborted } from '@goqemu/core';
import type { GuestAgent } from './guest-agent.ts';
import { withGuestFile } from './guest-file.ts';
import { readLocalFile, writeLocalFile } from './local-file.ts';

/** What a file is written from: text as UTF-8, bytes, or pieces of bytes. */
export type GuestFileSource = string | Uint8Array | AsyncIterable<Uint8Array>;

/** How a file is copied through the guest agent. */
export interface FileTransferOptions {
  /** Bytes per message, 1 to 48 MiB (the agent's own limit); default 256 KiB. */
  readonly chunkBytes?: number;
  readonly signal?: AbortSignal;
}

/** How a file of the guest is written through its agent. */
export interface WriteFileOptions extends FileTransferOptions {
  /** Default false: replace. */
  readonly append?: boolean;
}

const defaultChunkBytes = 256 * 1024;
/** GUEST_FILE_READ_COUNT_MAX of qemu-ga. */
const greatestChunkBytes = 48 * 2 ** 20;

export async function readGuestFile(
  agent: GuestAgent,
  path: string,
  options: FileTransferOptions = {},
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await readPieces(agent, path, options, async (piece) => void pieces.push(piece));
  return Buffer.concat(pieces);
}

export async function copyFileFromGuest(
  agent: GuestAgent,
  guestPath: string,
  hostPath: string,
  options: FileTransferOptions = {},
): Promise<void> {
  await writeLocalFile(hostPath, (write) => readPieces(agent, guestPath, options, write));
}

export async function copyFileToGuest(
  agent: GuestAgent,
  hostPath: string,
  guestPath: string,
  options: FileTransferOptions = {},
): Promise<void> {
  const pieces = readLocalFile(hostPath, checkedChunk(options.chunkBytes));
  await writeGuestFile(agent, guestPath, pieces, options);
}

export async function writeGuestFile(
  agent: GuestAgent,
  path: string,
  content: GuestFileSource,
  options: WriteFileOptions = {},
): Promise<void> {
  const chunk = checkedChunk(options.chunkBytes);
  const { signal, append = false } = options;
  const limits = signal ? { signal } : {};
  signal?.throwIfAborted();
  // Asked for before the guest's file is opened, which empties it: a source that cannot be read costs nothing. From the
  // first question on, the errors of a stream are listened to as well.
  const source = pieces(content);
  try {
    let next = await orAborted(source.next(), signal);
    await withGuestFile(agent, { path, mode: append ? 'ab' : 'wb', signal }, async (handle) => {
      for (; !next.done; next = await orAborted(source.next(), signal)) {
        const piece = next.value;
        for (let sent = 0; sent < piece.length; ) {
          const part = piece.subarray(sent, sent + chunk);
          const reply = await agent.execute('guest-file-write', { handle, 'buf-b64': part.toString('base64') }, limits);
          if (reply.count <= 0) throw shortWriteError(path);
          sent += reply.count;
        }
      }
      await agent.execute('guest-file-flush', { handle }, limits);
    });
  } finally {
    // Not awaited: a source that hangs in its next piece would hold the caller.
    source.return().catch(() => undefined);
  }
}

/** Piece after piece until the agent says that this was the end. */
async function readPieces(
  agent: GuestAgent,
  path: string,
  options: FileTransferOptions,
  take: (piece: Buffer) => Promise<void>,
): Promise<void> {
  const count = checkedChunk(options.chunkBytes);
  const { signal } = options;
  const limits = signal ? { signal } : {};
  await withGuestFile(agent, { path, mode: 'rb', signal }, async (handle) => {
    for (;;) {
      const reply = await agent.execute('guest-file-read', { handle, count }, limits);
      if (reply.count > 0) await take(Buffer.from(reply['buf-b64'], 'base64'));
      if (reply.eof || reply.count === 0) return;
    }
  });
}

async function* pieces(content: GuestFileSource): AsyncGenerator<Buffer, void, void> {
  if (typeof content === 'string') yield Buffer.from(content, 'utf8');
  else if (content instanceof Uint8Array) yield Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  else for await (const piece of content) yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}

function checkedChunk(bytes: number = defaultChunkBytes): number {
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= greatestChunkBytes) return bytes;
  throw new GoqemuError({
    code: 'qga-chunk-invalid',
    source: 'user',
    subject: 'chunkBytes',
    message: `chunkBytes: expected a whole number from 1 to ${greatestChunkBytes}, got ${bytes}`,
    hint: 'leave it out for the default of 256 KiB',
  });
}

function shortWriteError(path: string): GoqemuError {
  return new GoqemuError({
    code: 'qga-write-stalled',
    source: 'environment',
    subject: path,
    message: `the guest agent wrote nothing more to ${path}`,
    hint: "is the guest's filesystem full?",
    data: { path },
  });
}
