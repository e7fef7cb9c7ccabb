import type { ByteSize, Duration } from '@goqemu/core';
import type { Accelerator, Architecture, Firmware, FixedOptionName, IgnorableOptionName } from '@goqemu/spec';
import type { TextInput } from '../value/text.ts';
import type { NetworksOption } from './network-options.ts';
import type { CheckpointReference, MachineReference } from './references.ts';
import type { TimeoutOptions } from './timeout-options.ts';

/**
 * A port of the guest that is reached on the host's loopback address: the guest's port, 1 to 65535, or both.
 *
 * @example { guest: 80, host: 8080 }
 */
export type ForwardOption =
  | number
  | {
      readonly guest: number;
      /** @default 0: goqemu chooses a free one, and the machine keeps it */
      readonly host?: number;
      /** @default 'tcp' */
      readonly protocol?: 'tcp' | 'udp';
    };

/** What a change of the lab may leave alone: the recorded value stays. */
export type IgnorableProperty = 'image' | IgnorableOptionName | 'steps';

/** Options of {@link LabBuilder.template}. */
export interface TemplateOptions {
  /**
   * Catalogue name, URL or absolute path of the disk's image.
   *
   * @default 'debian-12'
   * @example 'debian-13'
   */
  readonly image?: string;
  /**
   * A checkpoint of another machine to start from. Image, disk, architecture, firmware and user are that machine's and
   * cannot be given.
   *
   * @default none: the machine starts from its image
   * @example base.at.installed
   */
  readonly from?: CheckpointReference | undefined;
  /**
   * RAM: a size with its unit, or bytes. A whole number of MiB, from 64 MiB to 1 TiB.
   *
   * @default '4 GiB', or that of the machine in `from`
   * @example '2 GiB'
   */
  readonly memory?: ByteSize;
  /**
   * Processor cores, 1 to 255.
   *
   * @default 2, or those of the machine in `from`
   * @example 4
   */
  readonly cpus?: number;
  /**
   * Size of the disk as the guest sees it: a size with its unit, or bytes.
   *
   * @default '10 GB', or as large as its image if that is larger
   * @example '40 GB'
   */
  readonly disk?: ByteSize;
  /**
   * The processor's architecture; one that is not the host's is emulated.
   *
   * @default the host's, as lab.lock.json records it
   * @example 'arm64'
   */
  readonly arch?: Architecture;
  /**
   * What boots the machine.
   *
   * @default 'bios'; 'uefi' for arm64
   * @example 'uefi'
   */
  readonly firmware?: Firmware;
  /**
   * What runs the guest's instructions.
   *
   * @default 'auto': the best that is proven to run a guest on this host
   * @example 'tcg'
   */
  readonly accelerator?: Accelerator;
  /**
   * A screen, a keyboard and a pointer: pictures are taken of it, and input is sent to it, with `machine('web').screen` and
   * `goqemu screenshot`. There is no window, and nothing listens.
   *
   * @default false, or that of the machine in `from`
   * @example true
   */
  readonly display?: boolean;
  /**
   * The ordinary user with passwordless sudo, never root.
   *
   * @default that of the image, such as 'debian'
   * @example 'admin'
   */
  readonly user?: string;
  /**
   * The guest's host name, an RFC 1123 label.
   *
   * @default the machine's name
   * @example 'web-1'
   */
  readonly hostname?: string;
  /**
   * How long its boot and its end may take. A change is no change of the machine.
   *
   * @default those of the machine in `from`, else of the lab; see {@link TimeoutOptions}
   * @example { sshBanner: '10 min' }
   */
  readonly timeouts?: TimeoutOptions;
  /**
   * The first step of this machine runs after the steps that these machines have been given so far.
   *
   * @default none
   * @example [db, cache]
   */
  readonly after?: MachineReference | readonly MachineReference[];
  /**
   * Refuses a plan that would delete or replace the machine.
   *
   * @default false
   * @example true
   */
  readonly protect?: boolean;
  /**
   * Forgets the machine, instead of deleting it, when it is taken out of the lab.
   *
   * @default false
   * @example true
   */
  readonly retain?: boolean;
  /**
   * Properties whose changes in the lab leave the machine as it is.
   *
   * @default none
   * @example ['memory', 'cpus']
   */
  readonly ignoreChanges?: readonly IgnorableProperty[];
  /**
   * The name that this machine had before.
   *
   * @default none
   * @example 'frontend'
   */
  readonly renamedFrom?: string;
}

/** Options of {@link LabBuilder.vm}. */
export interface MachineOptions<Forward extends string = string, Networks extends NetworksOption = NetworksOption>
  extends TemplateOptions {
  /**
   * Ports of the guest by a name of your choice, reached on 127.0.0.1; goqemu chooses the host's port by default.
   *
   * @default none
   * @example { http: 80, postgres: { guest: 5432, host: 15432 } }
   */
  readonly forward?: Readonly<Record<Forward, ForwardOption>>;
  /**
   * `host`: an address on the host's own network, by a bridge, passt or vmnet; where none of these is open to goqemu, the
   * plan says so. `user`: behind the host, reached by forwarded ports.
   *
   * @default 'user'
   * @example 'host'
   */
  readonly network?: 'user' | 'host';
  /**
   * The networks of the lab that the machine is in, a network card for each, four at most. A change needs no restart.
   *
   * @default none
   * @example { lan, dmz }
   */
  readonly networks?: Networks;
}

/** A machine that starts from a checkpoint of another has that one's image, disk, firmware and user. */
export type StartsFrom<Step extends string = string> =
  | { readonly from?: undefined }
  | ({ readonly from: CheckpointReference<Step> } & Readonly<Partial<Record<'image' | FixedOptionName, never>>>);

/** When a step that has run before runs again although nothing that it is made of has changed. */
export type CacheOption =
  /** Every apply runs it, and what follows it. */
  | 'never'
  /** Runs again once the last run is this old. */
  | { readonly ttl: Duration };

/** Options of every step. */
export interface StepOptions {
  /** The guest's user who runs it. @default 'root' @example 'postgres' */
  readonly user?: string;
  /** Absolute path of the folder that it runs in. @default the user's home folder @example '/srv/app' */
  readonly workingDirectory?: string;
  /** Environment variables. @default none @example { DEBIAN_FRONTEND: 'noninteractive' } */
  readonly environment?: Readonly<Record<string, TextInput>>;
  /** How long it may take: a duration with its unit, or milliseconds. @default '30 min' @example '5 min' */
  readonly timeout?: Duration;
  /** When it runs again although it is unchanged. @default runs once @example { ttl: '1 d' } */
  readonly cache?: CacheOption;
  /** Runs after the steps that these machines have been given so far, and again when those change. @default none @example db */
  readonly after?: MachineReference | readonly MachineReference[];
}

/** Options of {@link MachineBuilder.run}. */
export interface RunOptions extends StepOptions {
  /** Absolute path of the program that is given the script. @default '/bin/sh' @example '/usr/bin/python3' */
  readonly interpreter?: string;
}

/** Options of {@link MachineBuilder.capture}. */
export interface CaptureOptions extends RunOptions {
  /** Kept encrypted, and shown nowhere. @default false @example true */
  readonly secret?: boolean;
  /**
   * Bytes that it may print, from 1 to 16 MiB; one that prints more fails with `capture-too-large`.
   *
   * @default 1_048_576
   * @example 65_536
   */
  readonly maxBytes?: number;
}

/** Options of {@link MachineBuilder.upload}. */
export interface UploadOptions extends StepOptions {
  /** Permission bits. @default those of the source @example 0o644 */
  readonly mode?: number;
  /** `user` or `user:group`. @default 'root:root' @example 'www-data' */
  readonly owner?: string;
}

/** Options of {@link MachineBuilder.file} and {@link MachineBuilder.render}. */
export interface FileOptions extends StepOptions {
  /** Permission bits. @default 0o644 @example 0o600 */
  readonly mode?: number;
  /** `user` or `user:group`. @default 'root:root' @example 'www-data' */
  readonly owner?: string;
}
