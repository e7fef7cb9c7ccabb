import { qemuArchitectures } from '@goqemu/spec';
import * as z from 'zod/mini';

/** What is recorded beside each image of the cache. */
export const imageManifestSchema = z.object({
  version: z.literal(1),
  /** The catalogue's name, or the beginning of the file's name. */
  name: z.string().check(z.minLength(1)),
  /** The catalogue's name, the URL or the path that it was asked for by. */
  reference: z.string().check(z.minLength(1)),
  arch: z.enum(qemuArchitectures),
  /** Its file, beside the manifest. */
  file: z.string().check(z.regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/)),
  format: z.enum(['qcow2', 'raw']),
  /** Bytes of the file. */
  size: z.int().check(z.nonnegative()),
  /** Bytes that a guest sees. */
  virtualSize: z.int().check(z.positive()),
  /** `sha256:` and the digest of the file. */
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  /**
   * What the file looked like when its content was last compared with the digest: while it looks the same, it is not
   * read again. Absent in manifests of earlier versions.
   */
  verified: z.optional(
    z.object({ size: z.number(), modifiedMs: z.number(), changedMs: z.number(), inode: z.number() }),
  ),
  /** What stands for the image in keys of layers: the digest, or `recipe:` and the key of a build. */
  key: z.string().check(z.regex(/^(sha256|recipe):[0-9a-f]{64}$/)),
  how: z.enum(['downloaded', 'built', 'imported']),
  /** Why it came that way, when that was not the first choice. */
  why: z.optional(z.string()),
  /** The URL or path that it came from, or the name and version of the recipe. */
  source: z.string().check(z.minLength(1)),
  /** The publisher's checksum that it was verified by; absent for a URL without one. */
  checksum: z.optional(z.object({ algorithm: z.enum(['sha256', 'sha512']), value: z.string() })),
  /** Of an imported file: what it looked like, so that a changed one is noticed. */
  imported: z.optional(z.object({ size: z.number(), modifiedMs: z.number() })),
  fetchedAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  system: z.enum(['debian', 'ubuntu', 'fedora', 'rocky', 'alma', 'alpine', 'arch', 'unknown']),
  user: z.string().check(z.minLength(1)),
  shell: z.string().check(z.minLength(1)),
  guestAgent: z.enum(['included', 'installable']),
});

export type ImageManifest = z.infer<typeof imageManifestSchema>;
