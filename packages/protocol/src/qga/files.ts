import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { GoqemuError } from '@goqemu/core';
import type { GuestAgentClient } from './guest-agent-client.ts';

/** What a file is written from: text as UTF-8, bytes, or pieces of bytes. */
export type GuestFileSource = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface FileTransferOptions {
  /** Bytes per message, 1 to 48 MiB (the agent's own limit); default 256 KiB. */
  readonly chunkBytes?: number;
  readonly signal?: AbortSignal;
}

export interface WriteFileOptions extends FileTransferOptions {
  /** Default false: replace. */
  readonly append?: boolean;
}

const defaultChunkBytes = 256 * 1024;
/** GUEST_FILE_READ_COUNT_MAX of qemu-ga. */
const greatestChunkBytes = 48 * 2 ** 20;

export async function readGuestFile(
  agent: GuestAgentClient,
  path: string,
  options: FileTransferOptions = {},
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(agent, path, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function copyFileFromGuest(
  agent: GuestAgentClient,
  guestPath: string,
  hostPath: string,
  options: FileTransferOptions = {},
): Promise<void> {
  // Not by a pipeline of streams: that may end before the guest's handle is closed.
  const file = await open(hostPath, 'w');
  try {
    for await (const piece of readPieces(agent, guestPath, options)) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

export async function copyFileToGuest(
  agent: GuestAgentClient,
  hostPath: string,
  guestPath: string,
  options: FileTransferOptions = {},
): Promise<void> {
  const source = createReadStream(hostPath, { highWaterMark: checkedChunk(options.chunkBytes) });
  try {
    await writeGuestFile(agent, guestPath, source, options);
  } finally {
    source.destroy();
  }
}

export async function writeGuestFile(
  agent: GuestAgentClient,
  path: string,
  content: GuestFileSource,
  options: WriteFileOptions = {},
): Promise<void> {
  const chunk = checkedChunk(options.chunkBytes);
  const limits = options.signal ? { signal: options.signal } : {};
  await withHandle(agent, path, options.append ? 'ab' : 'wb', limits, async (handle) => {
    for await (const piece of pieces(content)) {
      for (let sent = 0; sent < piece.length; ) {
        const part = piece.subarray(sent, sent + chunk);
        const reply = await agent.execute('guest-file-write', { handle, 'buf-b64': part.toString('base64') }, limits);
        if (reply.count <= 0) throw shortWriteError(path);
        sent += reply.count;
      }
    }
    await agent.execute('guest-file-flush', { handle }, limits);
  });
}

/** Piece after piece until the agent says that this was the end. */
async function* readPieces(
  agent: GuestAgentClient,
  path: string,
  options: FileTransferOptions,
): AsyncGenerator<Buffer, void, void> {
  const count = checkedChunk(options.chunkBytes);
  const limits = options.signal ? { signal: options.signal } : {};
  const handle = await agent.execute('guest-file-open', { path, mode: 'rb' }, limits);
  try {
    for (;;) {
      const reply = await agent.execute('guest-file-read', { handle, count }, limits);
      if (reply.count > 0) yield Buffer.from(reply['buf-b64'], 'base64');
      if (reply.eof || reply.count === 0) return;
    }
  } finally {
    await agent.execute('guest-file-close', { handle });
  }
}

async function withHandle(
  agent: GuestAgentClient,
  path: string,
  mode: string,
  limits: { signal?: AbortSignal },
  work: (handle: number) => Promise<void>,
): Promise<void> {
  const handle = await agent.execute('guest-file-open', { path, mode }, limits);
  try {
    await work(handle);
  } catch (error) {
    // The first error is the one to tell; a handle that cannot be closed now is the agent's to clean up.
    await agent.execute('guest-file-close', { handle }).catch(() => undefined);
    throw error;
  }
  await agent.execute('guest-file-close', { handle });
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
