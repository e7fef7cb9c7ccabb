import {
  type ByteSize,
  type Duration,
  internalError,
  isGoqemuError,
  isResourceName,
  type Logger,
  parseByteSize,
  parseDuration,
} from '@goqemu/core';
import { defaultImage } from '@goqemu/image';
import type { TimeoutOptions } from '@goqemu/lab';
import {
  type Accelerator,
  type Architecture,
  type Firmware,
  firmwareFits,
  type MachineSpec,
  type MachineTimeouts,
  type OpenProperty,
  propertyDefault,
  propertyRow,
  type SimpleProperty,
  simpleProperties,
  timeoutNames,
} from '@goqemu/spec';
import type { VmProgress } from '@goqemu/vm';
import { z } from 'zod';
import { readOptions } from '../../guest/invalid-option.ts';

/** A machine for a script. Everything has a default: `await createVM()` is a Debian 12. */
export interface QemuVMConfig {
  /**
   * Lower-case letters, digits and inner hyphens, at most 63 (RFC 1123). By its name a VM is found again, also by
   * another process. One without a name is given one, and is deleted with the object that made it.
   *
   * @default made by goqemu
   * @example 'web-1'
   */
  readonly name?: string;
  /** Name in the catalogue, URL or file. @default 'debian-12' @example 'debian-13' */
  readonly image?: string;
  /** The processor's architecture; one that is not the host's is emulated. @default the host's @example 'arm64' */
  readonly arch?: Architecture;
  /** What boots the VM. @default 'bios'; 'uefi' for arm64, which has no other @example 'uefi' */
  readonly firmware?: Firmware;
  /** RAM, a whole number of MiB, 64 MiB to 1 TiB: a size with its unit, or bytes. @default '4 GiB' @example '2 GiB' */
  readonly memory?: ByteSize;
  /** Processor cores, 1 to 255. @default 2 @example 4 */
  readonly cpus?: number;
  /**
   * Size of the disk as the guest sees it; it takes only the room that is written to.
   *
   * @default '10 GB', or as large as its image if that is larger
   * @example '40 GB'
   */
  readonly disk?: ByteSize;
  /** A screen, a keyboard and a pointer, see {@link QemuVM.screen}; no window, and nothing listens. @default false @example true */
  readonly display?: boolean;
  /**
   * Where snapshots are kept: in `~/qemu/snapshots`, or in a RAM file system of the host, where they
   * are quicker and gone with the host's next start, and so is the VM's disk.
   *
   * @default 'disk'
   * @example 'memory'
   */
  readonly snapshots?: 'disk' | 'memory';
  /**
   * `auto` gives the VM an address of the host's range where that works without privileges and user mode
   * where not; `host` insists on it; `user` is QEMU's user mode.
   *
   * @default 'auto'
   * @example 'user'
   */
  readonly network?: 'auto' | 'host' | 'user';
  /**
   * Guest ports by a name of your choice, reached on 127.0.0.1; goqemu chooses a free port of the host by default, and for 0.
   *
   * @default none
   * @example { http: 80, postgres: { guest: 5432, host: 15432 } }
   */
  readonly forward?: Readonly<
    Record<string, number | { readonly guest: number; readonly host?: number; readonly protocol?: 'tcp' | 'udp' }>
  >;
  /** The ordinary user, with passwordless sudo. @default that of the image, such as 'debian' @example 'admin' */
  readonly user?: string;
  /** The guest's host name, an RFC 1123 label. @default the VM's name @example 'web-1' */
  readonly hostname?: string;
  /** What runs the guest's instructions. @default 'auto': the best that is proven to run a guest on this host @example 'tcg' */
  readonly accelerator?: Accelerator;
  /** How long operations may take. @default see each of them @example { start: '5 min' } */
  readonly timeouts?: Timeouts;
  /** Receives every operation, its end and how long it took. @default silent */
  readonly logger?: Logger;
  /** Receives the stages of an operation and notices while it runs. @default none */
  readonly onProgress?: (progress: VmProgress) => void;
}

/** How long operations may take; each is named in the error of one that took longer. */
export interface Timeouts extends Omit<TimeoutOptions, 'stop'> {
  /** Fetching or building the image and making the disk. @default '30 min' @example '1 h' */
  readonly create?: Duration;
  /** Until the guest is ready. @default '15 min' @example '5 min' */
  readonly start?: Duration;
  /** Until the guest is down; what does not go down is switched off, so this is a last resort. @default '3 min' @example '1 min' */
  readonly stop?: Duration;
  /** One command, once it runs. @default '10 min' @example '30 min' */
  readonly command?: Duration;
  /** Connecting again after the connection has broken. @default '2 min' @example '30 s' */
  readonly connect?: Duration;
  /** Taking or deleting a snapshot. @default '5 min' @example '1 min' */
  readonly snapshot?: Duration;
  /** Restoring a snapshot, which may take a boot. @default '15 min' @example '5 min' */
  readonly restore?: Duration;
}

/** What an operation as a whole may take. */
export type OperationTimeout = Exclude<keyof Timeouts, keyof Omit<TimeoutOptions, 'stop'>>;

/** A configuration with every default filled in. */
export interface CheckedConfig {
  readonly name: string | undefined;
  /** What was given, and is compared with a VM that is there already. */
  readonly given: Partial<VmShape>;
  readonly shape: VmShape;
  readonly timeouts: Readonly<Record<OperationTimeout, number>>;
  /** Of the stages of a boot, as far as they were given. */
  readonly machineTimeouts: MachineTimeouts;
  readonly logger: Logger | undefined;
  readonly onProgress: ((progress: VmProgress) => void) | undefined;
}

/** What makes a VM; fixed when it is made. What is undefined follows from its image or its name. */
export interface VmShape
  extends Readonly<Omit<Pick<MachineSpec, SimpleProperty>, OpenProperty>>,
    Readonly<{ [K in OpenProperty]: MachineSpec[K] | undefined }> {
  readonly image: string;
  readonly hostname: string | undefined;
  readonly snapshots: 'disk' | 'memory';
  readonly network: 'auto' | 'host' | 'user';
  readonly forward: Readonly<
    Record<string, { readonly guest: number; readonly host?: number | undefined; readonly protocol?: 'udp' }>
  >;
}

const size = measured<ByteSize>(
  (value) => parseByteSize(value, 'size'),
  "expected a size such as '4 GiB' or a whole number of bytes",
);
const duration = measured<Duration>(
  (value) => parseDuration(value, 'duration'),
  "expected a duration such as '90 s' or a whole number of milliseconds",
);
/** Those of a boot; how long a VM may take to stop is one of its operations. */
const bootTimeouts = timeoutNames.filter((name) => name !== 'stop');
const port = z.int().min(1).max(65_535);
/** A name as `QemuVM` takes it. */
export const label = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'expected 1 to 63 lower-case letters, digits and inner hyphens, such as "web-1"',
  );

/** Options that set one property of the machine each: rules are those of the table. */
const properties = Object.fromEntries(
  simpleProperties.map((property) => [property, readProperty(property).optional()]),
) as { [K in SimpleProperty]: z.ZodOptional<z.ZodType<MachineSpec[K]>> };

function readProperty(property: SimpleProperty): z.ZodType {
  const value = propertyRow(property).option?.value;
  if (!value || value.kind === 'compound') throw internalError(`${property} has no value of its own`);
  if (value.kind === 'choice') return z.enum(value.values as readonly string[]);
  if (value.kind === 'flag') return z.boolean();
  const kinds: Record<typeof value.kind, z.ZodType> = { size, number: z.number(), text: z.string() };
  return kinds[value.kind].refine(value.fits, `expected ${value.expected}`);
}

const options = z.strictObject({
  name: label.optional(),
  image: z.string().min(1, 'expected a name of the catalogue, a URL or a path').optional(),
  ...properties,
  hostname: z
    .string()
    .refine(isResourceName, 'expected 1 to 63 letters, digits and inner hyphens, such as "web-1"')
    .optional(),
  snapshots: z.enum(['disk', 'memory']).optional(),
  network: z.enum(['auto', 'host', 'user']).optional(),
  forward: z
    .record(
      label,
      z.union(
        [
          port.transform((guest) => ({ guest, host: undefined })),
          z
            .strictObject({
              guest: port,
              host: z.union([port, z.literal(0)]).optional(),
              protocol: z.enum(['tcp', 'udp']).default('tcp'),
            })
            .transform(({ guest, host, protocol }) => ({
              guest,
              host: host || undefined,
              ...(protocol === 'udp' ? { protocol } : {}),
            })),
        ],
        'expected a port from 1 to 65535, or { guest, host, protocol }',
      ),
    )
    .optional(),
  timeouts: z
    .strictObject({
      ...Object.fromEntries(bootTimeouts.map((name) => [name, duration.optional()])),
      create: duration.optional(),
      start: duration.optional(),
      stop: duration.optional(),
      command: duration.optional(),
      connect: duration.optional(),
      snapshot: duration.optional(),
      restore: duration.optional(),
    })
    .optional(),
  logger: z
    .custom<Logger>(
      (value) => typeof (value as Logger | undefined)?.log === 'function',
      'expected an object with a method log(level, scope, message, fields)',
    )
    .optional(),
  onProgress: z
    .custom<(progress: VmProgress) => void>((value) => typeof value === 'function', 'expected a function')
    .optional(),
});

/** @param usual the architecture of a VM that names none */
function schemaOn(usual: Architecture) {
  return options.superRefine(({ arch, firmware }, context) => {
    if (firmware === undefined || firmwareFits(firmware, arch ?? usual)) return;
    const message = "expected 'uefi': arm64 has no BIOS";
    context.addIssue({ code: 'custom', path: ['firmware'], message, input: firmware });
  });
}

const minute = 60_000;
const defaultTimeouts: Record<OperationTimeout, number> = {
  create: 30 * minute,
  start: 15 * minute,
  stop: 3 * minute,
  command: 10 * minute,
  connect: 2 * minute,
  snapshot: 5 * minute,
  restore: 15 * minute,
};

/**
 * @param usual the architecture of a VM that names none: the host's
 * @throws GoqemuError `option-invalid`
 */
export function checkConfig(config: QemuVMConfig, usual: Architecture): CheckedConfig {
  const { name, timeouts, logger, onProgress, ...shape } = readOptions(schemaOn(usual), config, 'QemuVM');
  const given = Object.fromEntries(
    Object.entries(shape).filter(([, value]) => value !== undefined),
  ) as Partial<VmShape>;
  const limits = Object.entries(timeouts ?? {}).filter(([, value]) => value !== undefined);
  const isBoot = (name: string) => bootTimeouts.some((one) => one === name);
  const operations = Object.fromEntries(limits.filter(([name]) => !isBoot(name)));
  const machineTimeouts: MachineTimeouts = Object.fromEntries(limits.filter(([name]) => isBoot(name)));
  return {
    name,
    given,
    shape: complete(given, usual),
    timeouts: { ...defaultTimeouts, ...operations },
    machineTimeouts,
    logger,
    onProgress,
  };
}

function complete(given: Partial<VmShape>, usual: Architecture): VmShape {
  const arch = given.arch ?? usual;
  const machine = Object.fromEntries(
    simpleProperties.map((property) => [property, propertyDefault(property, { arch })]),
  );
  const settings = machine as Pick<VmShape, SimpleProperty>;
  return {
    ...settings,
    image: defaultImage,
    hostname: undefined,
    snapshots: 'disk',
    network: 'auto',
    forward: {},
    ...given,
  };
}

/** A text or a number that one of core's parsers reads. */
function measured<T>(parse: (value: T) => number, expected: string) {
  return z.unknown().transform((value, context): number => {
    try {
      return parse(value as T);
    } catch (error) {
      if (!isGoqemuError(error) && !(error instanceof TypeError)) throw error;
      context.addIssue({ code: 'custom', message: expected, input: value });
      return z.NEVER;
    }
  });
}
