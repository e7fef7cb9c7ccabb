import { randomUUID } from 'node:crypto';
import { parseByteSize } from '@goqemu/core';
import { realAccelerators } from '@goqemu/spec';
import { z } from 'zod';
import { type Architecture, architectureOf } from '../find/architecture.ts';
import { audio, display, video } from './display.ts';
import { cdrom, drive, throttleGroup } from './drive.ts';
import { byteSize, id, path } from './fields.ts';
import { boot, firmware, kernel } from './firmware.ts';
import { configurationError } from './invalid-configuration.ts';
import { network } from './network.ts';
import { chardev, rtc, secret, tpm, usb, virtioPort } from './peripherals.ts';

export const accelerators = realAccelerators;
/** What runs the guest’s instructions. */
export type Accelerator = (typeof accelerators)[number];

const cpu = z
  .union([
    z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "expected a CPU model such as 'max'; features go into cpu.features")
      .transform((model) => ({ model, features: {} as Record<string, boolean | number | string> })),
    z.strictObject({
      /** Default: that of the accelerator and the architecture. */
      model: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
        .optional(),
      features: z
        .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/), z.union([z.boolean(), z.number(), z.string()]))
        .default({}),
    }),
  ])
  .default({ features: {} });

const positive = z.number().int().min(1);
const topology = z
  .strictObject({
    sockets: positive.optional(),
    dies: positive.optional(),
    cores: positive.optional(),
    threads: positive.optional(),
  })
  .optional();

/**
 * `memfd` (Linux) and a shared `file` can be restored in an instant; `plain` is QEMU's own memory.
 * Default: chosen for the host; `memfd` where there is one, else `plain`.
 */
const memoryBackend = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('plain') }),
    z.strictObject({ kind: z.literal('memfd'), share: z.boolean().default(true) }),
    z.strictObject({
      kind: z.literal('file'),
      path,
      /** False gives the guest private pages over the file's (copy-on-write). */
      share: z.boolean().default(true),
      /** Opens the file read-only, which QEMU takes with private pages only. */
      readonly: z.boolean().default(false),
    }),
  ])
  .optional();

const megabyte = 2 ** 20;

/** The schema of everything that one QEMU process gets at its start. */
export const machineConfigSchema = z.strictObject({
  /** Shown in window titles and in the process list; made from the uuid when empty. */
  name: z.string().max(200).default(''),
  uuid: z.uuid().optional(),
  arch: z
    .string()
    .default('x86_64')
    .transform((name, context) => {
      try {
        return architectureOf(name);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected an architecture that QEMU emulates', input: name });
        return z.NEVER;
      }
    }),
  /** `q35` names the newest version that the installation knows; `pc-q35-7.2` that very one. */
  machineType: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .optional(),
  cpu,
  /** As many as the machine type takes, which QEMU is asked for when it is started. */
  cpus: positive.default(1),
  topology,
  /** Bytes, or text with a unit; a whole number of MiB. */
  memory: byteSize
    .default(512 * megabyte)
    .transform((size) => parseByteSize(size, 'memory'))
    .refine((bytes) => bytes % megabyte === 0, 'expected a whole number of MiB'),
  memoryBackend,
  accelerator: z.enum(['auto', ...accelerators]).optional(),
  /** Short for accelerator `kvm` (true) or `tcg` (false). */
  kvm: z.boolean().optional(),
  drives: z.array(drive).default([]),
  cdroms: z.array(cdrom).default([]),
  throttleGroups: z.array(throttleGroup).default([]),
  networks: z.array(network).default([]),
  /** Free PCI Express ports for disks and cards that are plugged in later (0 to 8). */
  hotplugPorts: z.number().int().min(0).max(8).default(0),
  /** What the first serial port says is appended to this file; a client may also join it at `sockets.console`. */
  serialLog: path.optional(),
  serialPorts: z.array(id).default([]),
  chardevs: z.array(chardev).default([]),
  virtioPorts: z.array(virtioPort).default([]),
  guestAgent: z.boolean().default(false),
  /** A virtio port `org.goqemu.standby.0`, by which a process of the guest can wait for word of the machine's owner. */
  standbyPort: z.boolean().default(false),
  rng: z.boolean().default(true),
  balloon: z.boolean().default(false),
  /** Notifies the guest when it is a copy (Virtual Machine Generation ID); x86 and arm64. */
  vmgenid: z.union([z.boolean(), z.uuid()]).default(false),
  firmware,
  kernel,
  boot,
  display,
  video,
  audio,
  usb,
  tpm,
  rtc,
  secrets: z.array(secret).default([]),
  extraArguments: z.array(z.string()).default([]),
  /** False lets QEMU add its own default devices. */
  noDefaults: z.boolean().default(true),
  incoming: z.literal('defer').optional(),
  startPaused: z.boolean().default(false),
  /** QEMU's own seccomp filter, where the build has it. */
  sandbox: z.union([z.literal('auto'), z.boolean()]).default('auto'),
  /** Where the sockets are. Default: that of the host system. */
  runtimeFolder: path.optional(),
  /** What QEMU writes on stdout and stderr. Default: in the runtime folder. */
  stderrLog: path.optional(),
  /** The machine ends when the process that launched it does. */
  ownerDies: z.boolean().default(false),
});

/** What a caller writes. */
export type MachineConfigInput = z.input<typeof machineConfigSchema>;

/** A configuration as its schema reads it. */
export type ParsedMachineConfig = z.output<typeof machineConfigSchema>;
/** A device with the id that it was given, or got. */
export type Identified<T> = T & { id: string };

/** A checked configuration with every default filled in that does not depend on the host. */
export type MachineConfig = Omit<
  ParsedMachineConfig,
  'uuid' | 'arch' | 'accelerator' | 'kvm' | 'drives' | 'cdroms' | 'networks'
> & {
  readonly uuid: string;
  readonly arch: Architecture;
  readonly accelerator: 'auto' | Accelerator;
  readonly drives: Identified<ParsedMachineConfig['drives'][number]>[];
  readonly cdroms: Identified<ParsedMachineConfig['cdroms'][number]>[];
  readonly networks: Identified<ParsedMachineConfig['networks'][number]>[];
};
/** A disk of a machine, with its defaults filled in. */
export type DriveConfig = MachineConfig['drives'][number];
/** A CD drive of a machine, with its defaults filled in. */
export type CdromConfig = MachineConfig['cdroms'][number];
/** A network card of a machine, with its defaults filled in. */
export type NetworkConfig = MachineConfig['networks'][number];

/**
 * Checks a configuration and fills in its defaults. Ids follow the position by default (`disk0`, `cd0`, `net0`);
 * checking a checked configuration again gives the same.
 *
 * @throws GoqemuError `machine-config-invalid`, one line for each mistake: the option, what was expected, what was got
 */
export function parseMachineConfig(input: MachineConfigInput | MachineConfig): MachineConfig {
  const result = machineConfigSchema.safeParse(input, { reportInput: true });
  if (!result.success) throw configurationError(result.error.issues);
  const { kvm, accelerator, uuid, ...rest } = result.data;
  const identity = uuid ?? randomUUID();
  const config: MachineConfig = {
    ...rest,
    uuid: identity,
    name: rest.name || `goqemu-${identity.slice(0, 8)}`,
    accelerator: accelerator ?? (kvm === undefined ? 'auto' : kvm ? 'kvm' : 'tcg'),
    drives: identified(rest.drives, 'disk'),
    cdroms: identified(rest.cdroms, 'cd'),
    networks: identified(rest.networks, 'net'),
  };
  checkUniqueIds(config);
  checkMemory(config);
  return config;
}

/** The pseries board takes its memory in blocks of 256 MiB (QEMU, hw/ppc/spapr.h: SPAPR_MEMORY_BLOCK_SIZE). */
function checkMemory({ arch, machineType, memory }: MachineConfig): void {
  if (arch !== 'ppc64' || !/^pseries(-|$)/.test(machineType ?? 'pseries') || memory % (256 * megabyte) === 0) return;
  throw configurationError([
    { path: ['memory'], message: 'expected a multiple of 256 MiB on a pseries machine', input: memory },
  ]);
}

function identified<T extends { id?: string | undefined }>(items: T[], prefix: string): Identified<T>[] {
  return items.map((item, index) => ({ ...item, id: item.id ?? `${prefix}${index}` }));
}

function checkUniqueIds(config: MachineConfig): void {
  const seen = new Set<string>();
  for (const kind of ['drives', 'cdroms', 'networks', 'chardevs', 'secrets', 'throttleGroups'] as const) {
    for (const [index, item] of config[kind].entries()) {
      if (seen.has(item.id)) {
        throw configurationError([
          { path: [kind, index, 'id'], message: 'expected an id that no other device has', input: item.id },
        ]);
      }
      seen.add(item.id);
    }
  }
}
