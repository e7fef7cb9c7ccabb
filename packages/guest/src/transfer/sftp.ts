import { errorMessage, GoqemuError, timeoutError } from '@goqemu/core';
import type { FileEntryWithStats, InputAttributes, SFTPWrapper, Stats } from 'ssh2';
import { NotBegun, openOn, untilBroken } from '../session/channel.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { connectionLost } from '../session/session-errors.ts';

export interface TransferOptions {
  /** Longest time without any progress, in milliseconds; default 60 s. */
  readonly stallMs?: number;
  readonly signal?: AbortSignal;
  /** Told how many bytes of file contents have been moved so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** The part of SFTP version 3 (draft-ietf-secsh-filexfer-02) that transfers need, in promises. */
export class Sftp {
  readonly #wrapper: SFTPWrapper;
  readonly #progress: () => void;

  constructor(wrapper: SFTPWrapper, progress: () => void) {
    this.#wrapper = wrapper;
    this.#progress = progress;
  }

  open(path: string, mode: 'r' | 'wx', attributes: InputAttributes = {}): Promise<Buffer> {
    return this.#ask(path, (done) => this.#wrapper.open(path, mode, attributes, done));
  }
  close(handle: Buffer): Promise<void> {
    return this.#ask('', (done) => this.#wrapper.close(handle, done));
  }
  write(handle: Buffer, bytes: Buffer, position: number): Promise<void> {
    return this.#ask('', (done) => this.#wrapper.write(handle, bytes, 0, bytes.length, position, done));
  }
  /** How many bytes were read; 0 at the end of the file. */
  read(handle: Buffer, into: Buffer, length: number, position: number): Promise<number> {
    return this.#ask('', (done) =>
      this.#wrapper.read(handle, into, 0, length, position, (error, count) =>
        (error as { code?: number } | undefined)?.code === endOfFile ? done(undefined, 0) : done(error, count),
      ),
    );
  }
  changeMode(handle: Buffer, mode: number): Promise<void> {
    return this.#ask('', (done) => this.#wrapper.fchmod(handle, mode, done));
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
  remove(path: string): Promise<void> {
    return this.#ask(path, (done) => this.#wrapper.unlink(path, done));
  }
  /** Replaces the destination in one step (OpenSSH's posix-rename; plain SFTP refuses to replace). */
  replace(from: string, to: string): Promise<void> {
    return this.#ask(to, (done) => this.#wrapper.ext_openssh_rename(from, to, done));
  }

  #ask<T>(path: string, request: (done: (error?: Error | null, value?: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      request((error, value) => {
        this.#progress();
        if (error) reject(path ? fileError(path, error) : error);
        else resolve(value as T);
      });
    });
  }
}

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
        : 'check the path in the guest',
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
    const wrapper = await openOn<SFTPWrapper>(connection, session.endpoint, 'SFTP', (client, done) =>
      client.sftp(done),
    );
    const stallMs = options.stallMs ?? 60_000;
    const stalled = new AbortController();
    const timer = setTimeout(
      () => stalled.abort(timeoutError(what, stallMs, 'nothing moved during that time')),
      stallMs,
    );
    const signal = options.signal ? AbortSignal.any([options.signal, stalled.signal]) : stalled.signal;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const working = work(new Sftp(wrapper, () => timer.refresh()), signal);
    working.catch(() => undefined); // it may still fail after it was given up
    try {
      return await untilBroken(connection, Promise.race([working, aborted]));
    } catch (error) {
      if (error instanceof NotBegun || connection.brokenBecause !== undefined || isUnanswered(error))
        throw connectionLost(what, connection.brokenBecause ?? errorMessage(error));
      throw error;
    } finally {
      clearTimeout(timer);
      wrapper.end();
    }
  });
}

/** ssh2 settles what is outstanding this way just before it reports the broken connection. */
const isUnanswered = (error: unknown) => /no response from server/i.test(errorMessage(error));
