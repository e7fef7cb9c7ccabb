import { fields, number, oneOf, optional, type ShapeOf, text, timestamp, wholeNumber } from '@goqemu/core';

/** What is recorded beside each image of the cache. */
export const imageManifestShape = fields({
  version: oneOf(1),
  /** The catalogue's name, or the beginning of the file's name. */
  name: text(/./),
  /** The catalogue's name, the URL or the path that it was asked for by. */
  reference: text(/./),
  arch: oneOf('x86_64', 'aarch64'),
  /** Its file, beside the manifest. */
  file: text(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/),
  format: oneOf('qcow2', 'raw'),
  /** Bytes of the file. */
  size: wholeNumber(0),
  /** Bytes that a guest sees. */
  virtualSize: wholeNumber(1),
  /** `sha256:` and the digest of the file. */
  digest: text(/^sha256:[0-9a-f]{64}$/),
  /** What stands for the image in keys of layers: the digest, or `recipe:` and the key of a build. */
  key: text(/^(sha256|recipe):[0-9a-f]{64}$/),
  how: oneOf('downloaded', 'built', 'imported'),
  /** Why it came that way, when that was not the first choice. */
  why: optional(text()),
  /** The URL or path that it came from, or the name and version of the recipe. */
  source: text(/./),
  /** The publisher's checksum that it was verified by; absent for a URL without one. */
  checksum: optional(fields({ algorithm: oneOf('sha256', 'sha512'), value: text() })),
  /** Of an imported file: what it looked like, so that a changed one is noticed. */
  imported: optional(fields({ size: number, modifiedMs: number })),
  fetchedAt: timestamp,
  lastUsedAt: timestamp,
  system: oneOf('debian', 'ubuntu', 'fedora', 'rocky', 'alma', 'alpine', 'arch', 'unknown'),
  user: text(/./),
  shell: text(/./),
  guestAgent: oneOf('included', 'installable'),
});

export type ImageManifest = ShapeOf<typeof imageManifestShape>;
