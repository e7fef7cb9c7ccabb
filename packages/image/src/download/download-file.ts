import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  errorMessage,
  formatByteSize,
  freeBytes,
  GoqemuError,
  isGoqemuError,
  type Logger,
  makeFolders,
  removeFile,
  silentLogger,
  sleep,
  systemErrorCode,
  writeOwnFile,
} from '@goqemu/core';
import type { ChecksumAlgorithm, PublisherChecksum } from './checksum-file.ts';
import { checksumMismatch, diskFull, writeFailed } from './download-errors.ts';
import { connectionError, type HttpClient, isFinal, statusError } from './http-client.ts';
import { type PartRecord, readPartRecord, recordPath } from './part-record.ts';

export type DownloadProgress =
  | { readonly kind: 'download'; readonly bytes: number; readonly total: number | undefined }
  | { readonly kind: 'resume'; readonly bytes: number; readonly attempt: number; readonly reason: string };

export interface DownloadOptions {
  readonly client: HttpClient;
  readonly url: string;
  /** The unfinished file; it stays when a download is interrupted, and the next one resumes from there. */
  readonly part: string;
  readonly checksum: PublisherChecksum | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly logger?: Logger | undefined;
  /** Attempts in a row that bring nothing new before the download fails; 5 unless said otherwise. */
  readonly maxFruitlessAttempts?: number;
  /** Milliseconds before the second attempt, doubled for each further one; 500 unless said otherwise. */
  readonly retryDelayMs?: number;
}

/** What was downloaded, whole and verified. */
export interface Downloaded {
  readonly bytes: number;
  /** `sha256:` and the digest. */
  readonly digest: string;
}

/**
 * Downloads a file, going on after cuts where the publisher allows it (Range and If-Range, RFC 9110 §14), and
 * verifies the publisher's checksum before it gives the file out.
 *
 * @throws GoqemuError `download-unreachable`, `download-tls`, `download-not-found`, `download-refused`,
 * `download-cut`, `checksum-mismatch`, `disk-full`; the signal's reason
 */
export async function downloadFile(options: DownloadOptions): Promise<Downloaded> {
  const download = new Download(options);
  try {
    return await download.run();
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  }
}

class Download {
  readonly #options: DownloadOptions;
  readonly #logger: Logger;
  #hashes: Map<ChecksumAlgorithm, Hash> = new Map();
  #bytes = 0;
  #total: number | undefined;
  #validator: string | undefined;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  async run(): Promise<Downloaded> {
    const { signal, url } = this.#options;
    makeFolders(dirname(this.#options.part));
    await this.#takeUpPart();
    let fruitless = 0;
    let furthest = this.#bytes;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#attempt();
        return await this.#finish();
      } catch (error) {
        signal?.throwIfAborted();
        if (isGoqemuError(error)) throw error;
        if (isFinal(error)) throw connectionError(url, error);
        fruitless = this.#bytes > furthest ? 0 : fruitless + 1;
        furthest = Math.max(furthest, this.#bytes);
        this.#logger.log('debug', 'image', `download cut after ${this.#bytes} bytes`, { reason: errorMessage(error) });
        if (fruitless >= (this.#options.maxFruitlessAttempts ?? 5)) throw this.#givenUp(error);
        const reason = errorMessage(error) || 'the connection was cut';
        this.#options.onProgress?.({ kind: 'resume', bytes: this.#bytes, attempt, reason });
        await sleep((this.#options.retryDelayMs ?? 500) * 2 ** fruitless, signal);
      }
    }
  }

  /** One request, and as much of the file as it brings; throws when that was not all. */
  async #attempt(): Promise<void> {
    const { client, url, signal } = this.#options;
    if (this.#bytes > 0 && this.#bytes === this.#total) return;
    const resuming = this.#bytes > 0 && this.#validator !== undefined;
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (resuming && this.#validator)
      Object.assign(headers, { range: `bytes=${this.#bytes}-`, 'if-range': this.#validator });
    const response = await client.request(url, { headers, signal });
    try {
      const status = response.statusCode;
      if (status === 416) {
        this.#startOver();
        throw new Error('the publisher has another file now');
      }
      if (status >= 500 || status === 408 || status === 429) {
        throw new TemporaryStatus(url, status);
      }
      if (status !== 200 && status !== 206) throw statusError(url, status);
      await this.#begin(status, response.headers);
      await this.#receive(response.body);
    } finally {
      response.body.on('error', () => undefined).destroy();
    }
    if (this.#total !== undefined && this.#bytes < this.#total)
      throw new Error(`the connection ended after ${this.#bytes} of ${this.#total} bytes`);
  }

  async #begin(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): Promise<void> {
    const length = numberOf(headers['content-length']);
    if (status === 206) {
      const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range'] ?? ''));
      if (Number(range?.[1]) !== this.#bytes) {
        this.#startOver();
        throw new Error('the publisher sent another range than was asked for');
      }
      this.#total = numberOf(range?.[2]) ?? (length === undefined ? undefined : this.#bytes + length);
    } else {
      this.#startOver();
      this.#total = length;
    }
    this.#validator = strongValidator(headers);
    if (this.#validator) {
      const record: PartRecord = { url: this.#options.url, validator: this.#validator };
      await writeOwnFile(recordPath(this.#options.part), JSON.stringify(record));
    } else await removeFile(recordPath(this.#options.part));
    await this.#checkRoom();
  }

  async #receive(body: AsyncIterable<Buffer>): Promise<void> {
    const file = await open(this.#options.part, this.#bytes > 0 ? 'r+' : 'w');
    try {
      for await (const chunk of body) {
        await this.#write(file, chunk);
        for (const hash of this.#hashes.values()) hash.update(chunk);
        this.#bytes += chunk.length;
        this.#options.onProgress?.({ kind: 'download', bytes: this.#bytes, total: this.#total });
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #write(file: FileHandle, chunk: Buffer): Promise<void> {
    try {
      let done = 0;
      while (done < chunk.length) {
        const { bytesWritten } = await file.write(chunk, done, chunk.length - done, this.#bytes + done);
        done += bytesWritten;
      }
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOSPC' && systemErrorCode(error) !== 'EDQUOT')
        throw writeFailed(this.#options.part, error);
      await this.#discard(); // a full disk hurts everything that runs on the host
      throw diskFull(this.#options.part, this.#total, 0, error);
    }
  }

  async #checkRoom(): Promise<void> {
    if (this.#total === undefined) return;
    const free = await freeBytes(dirname(this.#options.part));
    const missing = this.#total - this.#bytes;
    if (missing > free) throw diskFull(this.#options.part, missing, free);
  }

  async #finish(): Promise<Downloaded> {
    const { checksum, part, url } = this.#options;
    const digests = new Map([...this.#hashes].map(([algorithm, hash]) => [algorithm, hash.digest('hex')]));
    if (checksum && digests.get(checksum.algorithm) !== checksum.value) {
      await this.#discard();
      throw checksumMismatch(url, checksum, digests.get(checksum.algorithm) ?? '');
    }
    await removeFile(recordPath(part));
    return { bytes: this.#bytes, digest: `sha256:${digests.get('sha256')}` };
  }

  /** Continues with what an earlier download left, if it is known what that is a part of. */
  async #takeUpPart(): Promise<void> {
    this.#newHashes();
    const { part, url, signal } = this.#options;
    const record = await readPartRecord(part);
    const size = (await stat(part).catch(() => undefined))?.size ?? 0;
    if (!record || record.url !== url || size === 0) return;
    for await (const chunk of createReadStream(part, { highWaterMark: 2 ** 20, ...(signal ? { signal } : {}) }))
      for (const hash of this.#hashes.values()) hash.update(chunk as Buffer);
    this.#bytes = size;
    this.#validator = record.validator;
    this.#options.onProgress?.({
      kind: 'resume',
      bytes: size,
      attempt: 0,
      reason: 'an earlier download was interrupted',
    });
  }

  #newHashes(): void {
    const algorithms = new Set<ChecksumAlgorithm>(['sha256', this.#options.checksum?.algorithm ?? 'sha256']);
    this.#hashes = new Map([...algorithms].map((algorithm) => [algorithm, createHash(algorithm)]));
  }

  #startOver(): void {
    this.#newHashes();
    this.#bytes = 0;
    this.#total = undefined;
    this.#validator = undefined;
  }

  async #discard(): Promise<void> {
    await removeFile(this.#options.part);
    await removeFile(recordPath(this.#options.part));
  }

  #givenUp(cause: unknown): GoqemuError {
    const { url } = this.#options;
    if (cause instanceof TemporaryStatus) return statusError(url, cause.status);
    if (this.#bytes === 0) return connectionError(url, cause);
    return new GoqemuError({
      code: 'download-cut',
      source: 'environment',
      subject: url,
      message: `the download from ${new URL(url).host} was interrupted repeatedly, after ${formatByteSize(this.#bytes)}${this.#total === undefined ? '' : ` of ${formatByteSize(this.#total)}`}`,
      detail: errorMessage(cause),
      hint: 'what came so far is kept: run the same command again to resume',
      cause,
    });
  }
}

class TemporaryStatus extends Error {
  readonly status: number;
  constructor(url: string, status: number) {
    super(`${new URL(url).host} answered HTTP ${status}`);
    this.status = status;
  }
}

/** If-Range needs a strong ETag; a date stands in where there is none (RFC 9110 §13.1.5). */
function strongValidator(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const etag = headers.etag;
  if (typeof etag === 'string' && etag.startsWith('"')) return etag;
  const date = headers['last-modified'];
  return typeof date === 'string' ? date : undefined;
}

function numberOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined;
}
