/** What every step may say about how it runs. */
export interface StepSettings {
  /** Unique among the steps of its machine. */
  readonly name: string;
  /** The user who runs it; `root` unless the lab says otherwise. */
  readonly user: string;
  /** Absolute, or undefined for the user's home. */
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** Values in this step that must not reach a log or an event: masked wherever its output is written. */
  readonly sensitive?: readonly string[];
  /** Whatever it prints is a secret: none of its output reaches a log, an event or an error. */
  readonly secretOutput?: boolean;
}

/** Runs a script. */
export interface RunScript extends StepSettings {
  readonly kind: 'run';
  readonly script: string;
  /** Absolute path of the program that is given the script as a file; `/bin/sh` unless the lab says otherwise. */
  readonly interpreter: string;
  /** Its standard output is a value that is kept: it must be whole. */
  readonly captured?: boolean;
  /** Bytes that a captured value may have; 1 MiB when undefined. @throws `capture-too-large` when it has more */
  readonly maxBytes?: number;
}

/** Copies a file or a folder from the host. */
export interface UploadPath extends StepSettings {
  readonly kind: 'upload';
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path in the guest. */
  readonly destination: string;
  /** Permission bits; those of the source when undefined. */
  readonly mode?: number;
  /** `user` or `user:group`. */
  readonly owner?: string;
}

/** Writes one file. */
export interface WriteFile extends StepSettings {
  readonly kind: 'file';
  readonly path: string;
  readonly contents: string;
  readonly mode: number;
  readonly owner: string;
}

/** Waits until the guest is in a condition. */
export interface WaitFor extends StepSettings {
  readonly kind: 'waitFor';
  readonly condition: WaitCondition;
}

export type WaitCondition =
  | { readonly port: number; readonly host?: string }
  /** A systemd unit that is active. */
  | { readonly unit: string }
  /** A URL that the guest can fetch and that answers with this status (200 unless given). */
  | { readonly http: string; readonly status?: number }
  | { readonly file: string };

/**
 * A step with everything known, as a backend carries it out. The lab's `render` has become a `file`
 * and its `capture` a `run` whose standard output is kept.
 */
export type ResolvedStep = RunScript | UploadPath | WriteFile | WaitFor;

export interface StepResult {
  /** Standard output of a `run`: all of a captured one, of others the last 1 MiB; empty for the other kinds. */
  readonly stdout: string;
  readonly durationMs: number;
}
