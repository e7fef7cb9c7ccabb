import { AgentError } from './agent-error.ts';

interface OpenFile {
  readonly path: string;
  readonly append: boolean;
  readonly writable: boolean;
  position: number;
}

/** The files of a fake guest, by path; folders are not modelled. */
export class GuestFiles {
  readonly contents = new Map<string, Buffer>();
  readonly #open = new Map<number, OpenFile>();
  #nextHandle = 1000;

  /** How many handles are open: a client that cleans up leaves none. */
  get openHandles(): number {
    return this.#open.size;
  }

  open(path: string, mode: string): number {
    const kind = mode.replace('b', '').replace('t', '');
    if (!/^[rwa]\+?$/.test(kind)) throw new AgentError(`invalid file open mode '${mode}'`);
    const exists = this.contents.has(path);
    if (kind.startsWith('r') && !exists) {
      throw new AgentError(`failed to open file '${path}' (mode: '${mode}'): No such file or directory`);
    }
    if (kind.startsWith('w') || !exists) this.contents.set(path, Buffer.alloc(0));
    this.#nextHandle += 1;
    this.#open.set(this.#nextHandle, { path, append: kind.startsWith('a'), writable: kind !== 'r', position: 0 });
    return this.#nextHandle;
  }

  read(handle: number, count = 4096): { count: number; 'buf-b64': string; eof: boolean } {
    const file = this.#get(handle);
    const content = this.contents.get(file.path) ?? Buffer.alloc(0);
    const bytes = content.subarray(file.position, file.position + count);
    file.position += bytes.length;
    return { count: bytes.length, 'buf-b64': bytes.toString('base64'), eof: bytes.length < count };
  }

  write(handle: number, bytes: Buffer): { count: number; eof: boolean } {
    const file = this.#get(handle);
    if (!file.writable) throw new AgentError('failed to write to file: Bad file descriptor');
    const before = this.contents.get(file.path) ?? Buffer.alloc(0);
    const at = file.append ? before.length : file.position;
    const after = Buffer.alloc(Math.max(before.length, at + bytes.length));
    before.copy(after);
    bytes.copy(after, at);
    this.contents.set(file.path, after);
    file.position = at + bytes.length;
    return { count: bytes.length, eof: false };
  }

  seek(handle: number, offset: number, whence: string | number): { position: number; eof: boolean } {
    const file = this.#get(handle);
    const size = this.contents.get(file.path)?.length ?? 0;
    const from = { set: 0, cur: file.position, end: size, 0: 0, 1: file.position, 2: size }[whence] ?? 0;
    file.position = from + offset;
    return { position: file.position, eof: false };
  }

  close(handle: number): void {
    this.#get(handle);
    this.#open.delete(handle);
  }

  /** Also what `guest-file-flush` needs to know. */
  #get(handle: number): OpenFile {
    const file = this.#open.get(handle);
    if (!file) throw new AgentError(`handle '${handle}' has not been found`);
    return file;
  }

  flush(handle: number): void {
    this.#get(handle);
  }
}
