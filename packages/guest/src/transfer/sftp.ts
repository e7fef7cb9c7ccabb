import { setMaxListeners } from 'node:events';
import { errorMessage, GoqemuError, orAborted, sleep, timeoutError } from '@goqemu/core';
import type { Client, FileEntryWithStats, InputAttributes, SFTPWrapper, Stats } from 'ssh2';
import { openOn } from '../session/channel.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { connectionLost } from '../session/session-errors.ts';

export interface TransferOptions {
  /** Longest time without any progress, in milliseconds; default 60 s. */
  readonly stallMs?: number;
  readonly signal?: AbortSignal;
  /** Called with how many bytes of file contents have been moved so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** A file of the guest that is open. */
export interface SftpFile {
  readonly handle: Buffer;
  readonly path: string;
}

/** The part of SFTP version 3 (draft-ietf-secsh-filexfer-02) that transfers need, in promises. */
export class Sftp {
  readonly #wrapper: SFTPWrapper;
  readonly #signal: AbortSignal;
  readonly #progress: () => void;

  /** @param signal ends every request: ssh2 never answers those of a connection that broke */
  constructor(wrapper: SFTPWrapper, signal: AbortSignal, progress: () => void) {
    this.#wrapper = wrapper;
    this.#signal = signal;
    this.#progress = progress;
  }

  async open(path: string, mode: 'r' | 'wx', attributes: InputAttributes = {}): Promise<SftpFile> {
    const handle = await this.#ask<Buffer>(path, (done) => this.#wrapper.open(path, mode, attributes, done));
    return { handle, path };
  }
  close({ handle, path }: SftpFile): Promise<void> {
    return this.#ask(path, (done) => this.#wrapper.close(handle, done));
  }
  write({ handle, path }: SftpFile, bytes: Buffer, position: number): Promise<void> {
    return this.#ask(path, (done) => this.#wrapper.write(handle, bytes, 0, bytes.length, position, done));
  }
  /** How many bytes were read; 0 at the end of the file. */
  read({ handle, path }: SftpFile, into: Buffer, length: number, position: number): Promise<number> {
    return this.#ask(path, (done) =>
      this.#wrapper.read(handle, into, 0, length, position, (error, count) =>
        (error as { code?: number } | undefined)?.code === endOfFile ? done(undefined, 0) : done(error, count),
      ),
    );
  }
  changeMode({ handle, path }: SftpFile, mode: number): Promise<void> {
    return this.#ask(path, (done) => this.#wrapper.fchmod(handle, mode, done));
  }
  changeFolderMode(path: string, mode: number): Promise<void> {
    return this.#ask(path, (done) => this.#wrapper.chmod(path, mode, done));
  }
  lstat(path: string): Promise<Stats> {
    return this.#ask(path, (done) => this.#wrapper.lstat(path, done));
  }
  stat(path: string): Promise<Stats> {
    return this.#ask(path, (done) => this.#wrapper.stat(path, done));
  }
  /** Undefined when there is nothing. */
  statIfThere(path: string): Promise<Stats | undefined> {
    return this.#ask(path, (done) =>
      this.#wrapper.stat(path, (error, stats) =>
        (error as { code?: number } | undefined)?.code === noSuchFile ? done(undefined, undefined) : done(error, stats),
      ),
    );
  }
  list(path: string): Promise<FileEntryWithStats[]> {
    return this.#ask(path, (done) => this.#wrapper.readdir(path, done));
  }
  makeFolder(path: string, mode: number): Promise<void> {
    return this.#ask(path, (done) => this.#wrapper.mkdir(path, { mode }, done));
  }
  symlink(target: string, path: string): Promise<void> {
    return this.#ask(path, (done) => this.#wrapper.symlink(target, path, done));
  }
  readlink(path: string): Promise<string> {
    return this.#ask(path, (done) => this.#wrapper.readlink(path, done));
  }
  /** Takes away what a transfer that failed has left, if that can still be done. */
  async discard(path: string): Promise<void> {
    const removed = new Promise<void>((resolve) => this.#wrapper.unlink(path, () => resolve()));
    await Promise.race([removed, sleep(cleanupMs)]);
  }
  /** Replaces the destination in one step (OpenSSH's posix-rename; plain SFTP refuses to replace). */
  replace(from: string, to: string): Promise<void> {
    return this.#ask(to, (done) => this.#wrapper.ext_openssh_rename(from, to, done));
  }

  async #ask<T>(path: string, request: (done: (error?: Error | null, value?: T) => void) => void): Promise<T> {
    this.#signal.throwIfAborted();
    const answer = new Promise<T>((resolve, reject) => {
      request((error, value) => {
        this.#progress();
        if (error) reject(fileError(path, error));
        else resolve(value as T);
      });
    });
    return orAborted(answer, this.#signal);
  }
}

/** The guest may no longer answer. */
const cleanupMs = 500;

const endOfFile = 1; // SSH_FX_EOF
const noSuchFile = 2; // SSH_FX_NO_SUCH_FILE
const permissionDenied = 3; // SSH_FX_PERMISSION_DENIED

function fileError(path: string, error: Error): GoqemuError {
  const code = (error as { code?: number }).code;
  return new GoqemuError({
    code:
      code === noSuchFile
        ? 'guest-file-missing'
        : code === permissionDenied
          ? 'guest-file-denied'
          : 'guest-file-failed',
    source: 'user',
    subject: path,
    message: `${path} in the guest: ${error.message}`,
    hint:
      code === permissionDenied
        ? 'transfer it as root, or choose a folder that the session’s user owns'
        : 'check the path, and the room that is left, in the guest',
    cause: error,
  });
}

/** Runs a transfer over an SFTP channel of its own, and gives up when nothing moves any more. */
export async function withSftp<T>(
  session: SessionAccess,
  what: string,
  options: TransferOptions,
  work: (sftp: Sftp, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return session.withSlot(options.signal, async (connection) => {
    const wrapper = await openOn<SFTPWrapper, Client>(connection, session.endpoint, {
      what: 'SFTP',
      open: (client, done) => client.sftp(done),
    });
    const stallMs = options.stallMs ?? 60_000;
    const over = new AbortController();
    setMaxListeners(0, over.signal); // every request under way listens
    const timer = setTimeout(() => over.abort(timeoutError(what, stallMs, 'nothing moved during that time')), stallMs);
    const giveUp = () => over.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', giveUp, { once: true });
    const unsubscribe = connection.onBroken((reason) => over.abort(connectionLost(what, reason)));
    try {
      return await work(new Sftp(wrapper, over.signal, () => timer.refresh()), over.signal);
    } catch (error) {
      over.signal.throwIfAborted();
      // ssh2 settles some of what is outstanding this way just before it reports the broken connection.
      if (/no response from server/i.test(errorMessage(error))) throw connectionLost(what, errorMessage(error));
      throw error;
    } finally {
      clearTimeout(timer);
      unsubscribe();
      options.signal?.removeEventListener('abort', giveUp);
      wrapper.end();
    }
  });
}
