/** Options of a machine's `baseline()`. */
export interface BaselineOptions {
  /** Compare only what is at and below these absolute paths. @default all file systems on disks @example ['/etc', '/srv'] */
  readonly within?: readonly string[];
}

/** A baseline outside its guest, for another one that began as the same machine. */
export interface PackedBaseline extends Pick<Baseline, 'files' | 'packages' | 'within'> {
  /** Its folder: tar, gzip, base64. */
  readonly archive: string;
}

/** The files and packages of a machine at one time. They are in a folder of the guest, so that they cost no transfer. */
export interface Baseline extends AsyncDisposable {
  /** Of the machine. */
  readonly machine: string;
  /** Folder in the guest. */
  readonly folder: string;
  /** How many files and folders it has. */
  readonly files: number;
  /** How many packages it has. */
  readonly packages: number;
  readonly within: readonly string[];
}
