import type { CdromConfig, DriveConfig } from '../configuration/machine-config.ts';
import { throttleProperties } from '../devices/throttle.ts';
import { type ArgumentContext, featureMissing } from './argument-context.ts';
import { type DeviceProperties, device, slot, virtio } from './device-arguments.ts';
import { rootBus, versionedMachineType } from './machine-type.ts';

/** The controllers, nodes and devices of all disks and CD drives. */
export function driveArguments(context: ArgumentContext): string[] {
  const { config } = context;
  return [
    ...config.throttleGroups.flatMap((group) => [
      '-object',
      JSON.stringify({ 'qom-type': 'throttle-group', id: group.id, limits: throttleProperties(group.limits) }),
    ]),
    ...(needsScsi(context)
      ? device(context, virtio(context, 'virtio-scsi'), { id: 'scsi', ...slot(context, 'scsi') })
      : []),
    ...config.drives.flatMap((drive, index) => [...blockNodes(context, drive), ...frontend(context, drive, index)]),
    ...config.cdroms.flatMap((cdrom, index) => cdromArguments(context, cdrom, index)),
  ];
}

/** The name of the node that a drive's device is on: `disk0`, or the filter above it. */
export function topNode(drive: Pick<DriveConfig, 'id' | 'throttleGroup'>): string {
  return drive.throttleGroup ? `${drive.id}-throttle` : drive.id;
}

/** The nodes of one drive: the protocol's (`disk0-file`), the format's (`disk0`), and the throttle filter's. */
export function driveNodes(drive: DriveConfig): Record<string, unknown>[] {
  const direct = drive.cache === 'none' || drive.cache === 'directsync';
  const shared = {
    'read-only': drive.readOnly,
    discard: drive.discard,
    cache: { direct, 'no-flush': drive.cache === 'unsafe' },
  };
  const protocol = { 'node-name': `${drive.id}-file`, ...protocolProperties(drive), ...shared };
  const format = {
    'node-name': drive.id,
    driver: drive.format,
    file: `${drive.id}-file`,
    ...(drive.detectZeroes === 'off' ? {} : { 'detect-zeroes': drive.detectZeroes }),
    ...(drive.keySecret ? encryption(drive.format, drive.keySecret) : {}),
    ...shared,
  };
  const filter = drive.throttleGroup
    ? [{ 'node-name': topNode(drive), driver: 'throttle', 'throttle-group': drive.throttleGroup, file: drive.id }]
    : [];
  return [protocol, format, ...filter];
}

function blockNodes(context: ArgumentContext, drive: DriveConfig): string[] {
  return driveNodes(drive).flatMap((node) => {
    const driver = String(node.driver);
    const { blockDrivers } = context.installation.features;
    if (!blockDrivers.includes(driver)) throw featureMissing(`block driver ${driver}`, context.installation);
    return ['-blockdev', JSON.stringify(node)];
  });
}

function protocolProperties(drive: DriveConfig): Record<string, unknown> {
  const { source } = drive;
  const aio = drive.aio ? { aio: drive.aio } : {};
  switch (source.kind) {
    case 'file':
      return { driver: 'file', filename: source.path, ...aio };
    case 'host-device':
      return { driver: 'host_device', filename: source.path, ...aio };
    case 'nbd':
      return {
        driver: 'nbd',
        server:
          'path' in source.server
            ? { type: 'unix', path: source.server.path }
            : { type: 'inet', host: source.server.host, port: String(source.server.port) },
        export: source.export,
      };
    case 'iscsi':
      return {
        driver: 'iscsi',
        transport: 'tcp',
        portal: source.portal,
        target: source.target,
        lun: source.lun,
        user: source.user,
        'password-secret': source.passwordSecret,
      };
    case 'rbd':
      return {
        driver: 'rbd',
        pool: source.pool,
        image: source.image,
        namespace: source.namespace,
        user: source.user,
        conf: source.configuration,
        'key-secret': source.keySecret,
      };
  }
}

function encryption(format: string, secret: string): Record<string, unknown> {
  return format === 'luks' ? { 'key-secret': secret } : { encrypt: { format: 'luks', 'key-secret': secret } };
}

function frontend(context: ArgumentContext, drive: DriveConfig, index: number): string[] {
  const common: DeviceProperties = {
    id: drive.id,
    drive: topNode(drive),
    serial: drive.serial,
    bootindex: drive.bootIndex ?? defaultBootIndex(context, 'disk', index),
  };
  const writeCache = { 'write-cache': drive.cache === 'writethrough' || drive.cache === 'directsync' ? 'off' : 'on' };
  switch (drive.interface) {
    case 'virtio':
      return device(context, virtio(context, 'virtio-blk'), {
        ...common,
        ...writeCache,
        ...slot(context, 'disk', index),
      });
    case 'scsi':
      return device(context, 'scsi-hd', { ...common, ...writeCache, bus: 'scsi.0' });
    case 'sata':
      return device(context, 'ide-hd', { ...common, ...writeCache, ...sataPlace(context, drive.id) });
    case 'nvme':
      return device(context, 'nvme', { ...common, serial: drive.serial ?? drive.id, ...slot(context, 'disk', index) });
    case 'usb':
      return device(context, 'usb-storage', { ...common, bus: 'usb.0' });
  }
}

function cdromArguments(context: ArgumentContext, cdrom: CdromConfig, index: number): string[] {
  const kind = cdromInterface(context, cdrom);
  const medium = cdrom.path
    ? [
        ...[
          '-blockdev',
          JSON.stringify({ 'node-name': `${cdrom.id}-file`, driver: 'file', filename: cdrom.path, 'read-only': true }),
        ],
        ...[
          '-blockdev',
          JSON.stringify({ 'node-name': cdrom.id, driver: 'raw', file: `${cdrom.id}-file`, 'read-only': true }),
        ],
      ]
    : [];
  const common: DeviceProperties = {
    id: cdrom.id,
    drive: cdrom.path ? cdrom.id : undefined,
    bootindex: cdrom.bootIndex ?? defaultBootIndex(context, 'cdrom', index),
  };
  if (kind === 'scsi') return [...medium, ...device(context, 'scsi-cd', { ...common, bus: 'scsi.0' })];
  if (kind === 'usb') {
    if (!cdrom.path)
      throw featureMissing('empty CD drive on USB', context.installation, 'give it a path, or another interface');
    return [...medium, ...device(context, 'usb-storage', { ...common, bus: 'usb.0', removable: true })];
  }
  return [...medium, ...device(context, 'ide-cd', { ...common, ...sataPlace(context, cdrom.id) })];
}

function cdromInterface({ config }: ArgumentContext, cdrom: CdromConfig): 'sata' | 'scsi' | 'usb' {
  if (cdrom.interface !== 'auto') return cdrom.interface;
  return config.arch === 'x86_64' || config.arch === 'i386' ? 'sata' : 'scsi';
}

/** Q35 has six SATA ports, the older PC two IDE channels of two; QEMU itself would fill only the first. */
function sataPlace(context: ArgumentContext, id: string): DeviceProperties {
  const { drives, cdroms } = context.config;
  const onSata = [
    ...drives.filter((drive) => drive.interface === 'sata'),
    ...cdroms.filter((cdrom) => cdromInterface(context, cdrom) === 'sata'),
  ];
  const index = onSata.findIndex((item) => item.id === id);
  const bus = rootBus(versionedMachineType(context.config, context.installation));
  if (bus === 'pcie.0') return { bus: `ide.${index}` };
  return bus === 'pci.0' ? { bus: `ide.${Math.floor(index / 2)}`, unit: index % 2 } : {};
}

function needsScsi(context: ArgumentContext): boolean {
  const { drives, cdroms } = context.config;
  return (
    drives.some((drive) => drive.interface === 'scsi') ||
    cdroms.some((cdrom) => cdromInterface(context, cdrom) === 'scsi')
  );
}

/** `boot.order` as boot indices: each kind gets a hundred of its own. */
export function defaultBootIndex(
  { config }: ArgumentContext,
  kind: 'disk' | 'cdrom' | 'network',
  index: number,
): number | undefined {
  const place = config.boot.order.indexOf(kind);
  return place < 0 ? undefined : 1000 + place * 100 + index;
}
