import { createHash } from 'node:crypto';
import { basename, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GoqemuError, nearestWord } from '@goqemu/core';
import type { PublisherChecksum } from '../download/checksum-file.ts';
import type { CatalogueEntry } from './catalogue-entry.ts';

/** Also of formats that are refused: then the file is, by its format, and not as a name that nothing is called. */
const pathEnding = /\.(qcow2|img|raw|iso|ova|vdi|vmdk|vhdx?|hdd|dmg)$/i;

/** What a lab's `image:` means. */
export type ImageReference =
  | { readonly kind: 'catalogue'; readonly entry: CatalogueEntry }
  | { readonly kind: 'url'; readonly url: string; readonly checksum: PublisherChecksum | undefined }
  | { readonly kind: 'file'; readonly path: string };

/**
 * Reads an image reference: a name of the catalogue, an `http(s)` URL, or a path (with a separator in it, or a
 * file name that ends as those of disk images do, accepted or not). A URL may pin its content: `#sha256=…` or `#sha512=…`.
 *
 * @throws GoqemuError `image-unknown` with the nearest names; `image-reference-invalid`
 */
export function parseImageReference(reference: string, catalogue: readonly CatalogueEntry[]): ImageReference {
  if (/^https?:/i.test(reference)) return parseUrl(reference);
  if (/^file:/i.test(reference)) return { kind: 'file', path: fileURLToPath(reference) };
  const entry = catalogue.find((item) => item.name === reference || item.aliases?.includes(reference));
  if (entry) return { kind: 'catalogue', entry };
  if (reference.includes('\0')) throw invalid(reference, 'a path has no NUL character');
  if (isAbsolute(reference) || /[/\\]/.test(reference) || pathEnding.test(reference))
    return { kind: 'file', path: resolve(reference) };
  const near = nearestWord(
    reference,
    catalogue.flatMap((item) => [item.name, ...(item.aliases ?? [])]),
  );
  throw new GoqemuError({
    code: 'image-unknown',
    source: 'user',
    subject: reference,
    message: `no image is called ${JSON.stringify(reference)}`,
    hint: `${near ? `did you mean "${near}"? ` : ''}known: ${catalogue.map((item) => item.name).join(', ')}; or give a URL, or a path such as ./my.qcow2`,
  });
}

/**
 * The name that the cache keeps an image under; safe as the beginning of a file name. URLs and paths may end alike,
 * so their names end in a digest of the whole.
 */
export function referenceName(reference: ImageReference): string {
  if (reference.kind === 'catalogue') return reference.entry.name;
  const whole = reference.kind === 'file' ? reference.path : reference.url;
  const file = reference.kind === 'file' ? basename(whole) : (new URL(whole).pathname.split('/').pop() ?? '');
  const stem = file
    .replace(pathEnding, '')
    .replace(/[^a-zA-Z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '');
  return `${stem.slice(0, 80) || 'image'}-${createHash('sha256').update(whole).digest('hex').slice(0, 6)}`;
}

function parseUrl(reference: string): ImageReference {
  if (!URL.canParse(reference)) throw invalid(reference, 'this is not a URL');
  const url = new URL(reference);
  const pin = url.hash.slice(1);
  url.hash = '';
  if (pin === '') return { kind: 'url', url: url.href, checksum: undefined };
  const match = /^(?:(sha256)=([0-9a-f]{64})|(sha512)=([0-9a-f]{128}))$/i.exec(pin);
  if (!match) throw invalid(reference, 'expected #sha256= and 64 hexadecimal digits, or #sha512= and 128');
  const algorithm = match[1] ? 'sha256' : 'sha512';
  return { kind: 'url', url: url.href, checksum: { algorithm, value: (match[2] ?? match[4] ?? '').toLowerCase() } };
}

function invalid(reference: string, why: string): GoqemuError {
  return new GoqemuError({
    code: 'image-reference-invalid',
    source: 'user',
    subject: reference,
    message: `${JSON.stringify(reference)} is not an image: ${why}`,
  });
}
