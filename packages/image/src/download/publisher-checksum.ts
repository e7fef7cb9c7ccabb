import { GoqemuError } from '@goqemu/core';
import type { PublishedImage } from '../catalogue/catalogue-entry.ts';
import { findChecksum, type PublisherChecksum } from './checksum-file.ts';
import { connectionError, type HttpClient, statusError } from './http-client.ts';

/** Publishers' checksum files are a few kilobytes long. */
const longestFile = 2 ** 20;

/**
 * Asks the publisher for the checksum of an image.
 *
 * @throws GoqemuError `checksum-missing` when its checksum file does not name the image; those of a failed download
 */
export async function fetchPublisherChecksum(
  client: HttpClient,
  image: PublishedImage,
  signal?: AbortSignal,
): Promise<PublisherChecksum> {
  const text = await fetchText(client, image.checksum.url, signal);
  const fileName = decodeURIComponent(new URL(image.url).pathname.split('/').pop() ?? '');
  const checksum = findChecksum(text, fileName, image.checksum.algorithm);
  if (checksum) return checksum;
  throw new GoqemuError({
    code: 'checksum-missing',
    source: 'environment',
    subject: image.url,
    message: `${image.checksum.url} has no ${image.checksum.algorithm} checksum for ${fileName}`,
    hint: 'the publisher may have changed its files: give the URL with #sha256=… if you have the checksum from elsewhere',
  });
}

async function fetchText(client: HttpClient, url: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    const response = await client.request(url, { signal });
    if (response.statusCode !== 200) {
      response.body.on('error', () => undefined).destroy();
      throw statusError(url, response.statusCode);
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > longestFile) throw new Error('the checksum file is longer than 1 MiB');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof GoqemuError ? error : connectionError(url, error);
  }
}
