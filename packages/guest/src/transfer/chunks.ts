/** What every SFTP server takes in one request (draft-ietf-secsh-filexfer-02, §3). */
export const chunkBytes = 32 * 1024;
/** Requests under way at once for one file: 2 MiB of memory, and the line never idle. */
const atOnce = 64;

/** Calls `move` for each part of a file, many at once, in bounded memory. */
export async function inChunks(
  size: number,
  signal: AbortSignal,
  move: (buffer: Buffer, position: number, length: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const mover = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    while (next < size) {
      signal.throwIfAborted();
      const position = next;
      const length = Math.min(chunkBytes, size - position);
      next += length;
      await move(buffer, position, length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, Math.ceil(size / chunkBytes)) }, mover));
}

/** Does something for each item, at most `limit` at once. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
