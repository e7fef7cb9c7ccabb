import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError } from '../errors/goqemu-error.ts';
import { systemErrorCode } from '../errors/internal-error.ts';
import type { HostSystem } from '../platform/host-platform.ts';
import { hostPlatform } from '../platform/this-host.ts';

interface EntryPlace {
  /** On this host. */
  readonly path: string;
  /** Below the source, with `/` between folders; empty for the source itself. */
  readonly name: string;
}

export interface LocalFile extends EntryPlace {
  readonly kind: 'file';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
}

export interface LocalFolder extends EntryPlace {
  readonly kind: 'folder';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
}

export interface LocalLink extends EntryPlace {
  readonly kind: 'link';
  readonly target: string;
}

/** One thing that an upload copies. */
export type LocalEntry = LocalFile | LocalFolder | LocalLink;

/**
 * What an upload of a path copies, each folder before what is in it. What is hashed for a layer's key and what is
 * copied into a guest both come from here. A source that is a symbolic link is followed; links inside stay links.
 *
 * @param system Windows has no permission bits worth copying: files count as 0o644 and folders as 0o755 there
 * @throws GoqemuError `upload-source-missing`, also for a link that leads nowhere; `upload-unsupported` for sockets,
 * pipes and devices, and for names that are not UTF-8; the file system's own error when something cannot be read
 */
export async function localTree(
  source: string,
  system: HostSystem = hostPlatform().system,
): Promise<readonly LocalEntry[]> {
  const found = await stat(source).catch(async (error: unknown) => {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemErrorCode(error) ?? '')) throw error;
    throw missing(source, await readlink(source).catch(() => undefined), error);
  });
  return entriesOf({ path: source, name: '' }, found, system);
}

async function entriesOf(
  place: EntryPlace,
  found: Awaited<ReturnType<typeof lstat>>,
  system: HostSystem,
): Promise<LocalEntry[]> {
  const { path, name } = place;
  if (found.isSymbolicLink()) {
    const target = asText(await readlink(path, { encoding: 'buffer' }), `the target of the symbolic link ${path}`);
    return [{ ...place, kind: 'link', target: portableTarget(target, system) }];
  }
  const mode = portableMode(Number(found.mode), found.isDirectory(), system);
  if (found.isFile()) return [{ ...place, kind: 'file', mode }];
  if (!found.isDirectory()) throw unsupported(path);
  const entries: LocalEntry[] = [{ ...place, kind: 'folder', mode }];
  const names = (await readdir(path, { encoding: 'buffer' })).map((raw) => asText(raw, `a name in ${path}`));
  for (const child of names.sort()) {
    const below = { path: join(path, child), name: name === '' ? child : `${name}/${child}` };
    entries.push(...(await entriesOf(below, await lstat(below.path), system)));
  }
  return entries;
}

/** SFTP names are UTF-8 (RFC 4251 §9), and so are names in Node.js: others could be neither read nor sent. */
function asText(raw: Buffer, what: string): string {
  const text = raw.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(raw)) return text;
  throw new GoqemuError({
    code: 'upload-unsupported',
    source: 'user',
    subject: text,
    message: `${what} is not UTF-8: ${escaped(raw)}`,
    hint: 'rename it (convmv converts the names of a whole folder), or leave it out of what is uploaded',
  });
}

/** As `printf` takes it. */
function escaped(raw: Buffer): string {
  return [...raw]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}

function portableMode(mode: number, isFolder: boolean, system: HostSystem): number {
  if (system === 'win32') return isFolder ? 0o755 : 0o644;
  return mode & 0o7777;
}

function portableTarget(target: string, system: HostSystem): string {
  return system === 'win32' ? target.replaceAll('\\', '/') : target;
}

function missing(source: string, target: string | undefined, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'upload-source-missing',
    source: 'user',
    subject: source,
    message:
      target === undefined
        ? `${source} does not exist`
        : `${source} is a symbolic link to ${target}, which does not exist`,
    hint:
      target === undefined
        ? 'check the path of what is to be uploaded'
        : 'correct the link, or upload what it should point to',
    cause,
  });
}

function unsupported(path: string): GoqemuError {
  return new GoqemuError({
    code: 'upload-unsupported',
    source: 'user',
    subject: path,
    message: `${path} is neither a file, nor a folder, nor a symbolic link`,
    hint: 'leave sockets, pipes and devices out of what is uploaded',
  });
}
