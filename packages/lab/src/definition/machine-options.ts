import type { ByteSize, Duration } from '@goqemu/core';
import type { Accelerator, Architecture, Firmware, FixedOptionName, IgnorableOptionName } from '@goqemu/spec';
import type { TextInput } from '../value/text.ts';
import type { CheckpointReference, MachineReference } from './references.ts';

/** A port of the guest that is reached on the host's loopback address; goqemu chooses the host's unless it is given. */
export type ForwardOption = number | { readonly guest: number; readonly host?: number };

/** What a change of the lab may leave alone: the recorded value stays. */
export type IgnorableProperty = 'image' | IgnorableOptionName | 'steps';

export interface CommonMachineOptions<Forward extends string = string> {
  /** RAM, a whole number of MiB, 64 MiB to 1 TiB. @default 4 GiB, or that of the machine in `from` */
  readonly memory?: ByteSize;
  /** Cores, 1 to 255. @default 2, or those of the machine in `from` */
  readonly cpus?: number;
  /** The best that is proven to run a guest here, unless given. */
  readonly accelerator?: Accelerator;
  /** RFC 1123 label; the machine's name unless given. */
  readonly hostname?: string;
  readonly forward?: Readonly<Record<Forward, ForwardOption>>;
  /** The first step of this machine runs after what these machines have been told so far. */
  readonly after?: MachineReference | readonly MachineReference[];
  /** A plan that would delete or replace the machine is refused. */
  readonly protect?: boolean;
  /** Taken out of the lab, the machine is forgotten instead of deleted. */
  readonly retain?: boolean;
  readonly ignoreChanges?: readonly IgnorableProperty[];
  /** The name that this machine had before. */
  readonly renamedFrom?: string;
}

export interface ImageMachineOptions<Forward extends string = string> extends CommonMachineOptions<Forward> {
  /** Catalogue name, URL or absolute path; `debian-12` unless given. */
  readonly image?: string;
  /** Size of the disk as the guest sees it. @default 10 GB, or as large as its image if that is larger */
  readonly disk?: ByteSize;
  /** `amd64` unless given. */
  readonly arch?: Architecture;
  /** `bios` unless given; `uefi` for arm64. */
  readonly firmware?: Firmware;
  /** The ordinary user with passwordless sudo, never root. @default that of the image */
  readonly user?: string;
  readonly from?: never;
}

/** A machine that goes on from a checkpoint of another: image, disk, firmware and user are that machine's. */
export interface DerivedMachineOptions<Forward extends string = string>
  extends CommonMachineOptions<Forward>,
    Readonly<Partial<Record<'image' | FixedOptionName, never>>> {
  readonly from: CheckpointReference;
}

export type MachineOptions<Forward extends string = string> =
  | ImageMachineOptions<Forward>
  | DerivedMachineOptions<Forward>;

/** When a step that has run before runs again although nothing that it is made of has changed. */
export type CacheOption =
  /** Every apply runs it, and what follows it. */
  | 'never'
  /** Runs again once the last run is this old. */
  | { readonly ttl: Duration };

export interface StepOptions {
  /** The guest's user who runs it; `root` unless given. */
  readonly user?: string;
  /** Absolute path; the user's home unless given. */
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, TextInput>>;
  /** 30 min unless given. */
  readonly timeout?: Duration;
  readonly cache?: CacheOption;
  /** Runs after what these machines have been told so far, and again when that changes. */
  readonly after?: MachineReference | readonly MachineReference[];
}

export interface RunOptions extends StepOptions {
  /** Absolute path of the program that is given the script; `/bin/sh` unless given. */
  readonly interpreter?: string;
}

export interface CaptureOptions extends RunOptions {
  /** Kept encrypted, and shown nowhere. */
  readonly secret?: boolean;
  /** Bytes that it may print, from 1 to 16 MiB; one that prints more fails with `capture-too-large`. @default 1_048_576 */
  readonly maxBytes?: number;
}

export interface UploadOptions extends StepOptions {
  /** Permission bits such as 0o644; those of the source unless given. */
  readonly mode?: number;
  /** `user` or `user:group`. */
  readonly owner?: string;
}

export interface FileOptions extends StepOptions {
  /** Permission bits; 0o644 unless given. */
  readonly mode?: number;
  /** `user` or `user:group`; `root:root` unless given. */
  readonly owner?: string;
}
