import { z } from 'zod';
import { id, ipv4, mac, path, port } from './fields.ts';

const card = {
  /** Id of the device and of its netdev. Default: `net0`, `net1`, … by position. */
  id: id.optional(),
  /** Default: derived from the machine's uuid and the position, so that no two machines share one. */
  mac: mac.optional(),
  /** Device name without its bus: `virtio-net`, `e1000e`, `rtl8139`, … */
  model: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/i)
    .default('virtio-net'),
  bootIndex: z.number().int().min(0).optional(),
  /** Which of the eight slots for network cards it is in: guests name cards by it. Default: its place in the list. */
  slot: z.number().int().min(0).max(7).optional(),
  /** A QEMU that cannot make such a network gives the card no cable, instead of an error. @default false */
  optional: z.boolean().default(false),
};

const forward = z.strictObject({
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  /** Default: loopback; nothing listens elsewhere unless configured to. */
  hostAddress: ipv4.default('127.0.0.1'),
  hostPort: port,
  guestAddress: ipv4.optional(),
  guestPort: port,
});
/** A port of the host that leads to one of the guest. */
export type Forward = z.output<typeof forward>;

/** QEMU's user-mode network (slirp): no privileges, the guest behind NAT at 10.0.2.15. */
const user = z.strictObject({
  ...card,
  kind: z.literal('user'),
  forwards: z.array(forward).default([]),
  /** Cuts the guest off from everything but its forwards. */
  restrict: z.boolean().default(false),
  /** The guest's network, `a.b.c.d/prefix`. */
  cidr: z
    .string()
    .regex(/^\d+\.\d+\.\d+\.\d+\/\d{1,2}$/, 'expected a network such as 10.0.2.0/24')
    .optional(),
  ipv6: z.boolean().optional(),
  hostname: z.string().optional(),
  dns: ipv4.optional(),
  tftpFolder: path.optional(),
  bootFile: z.string().optional(),
});
const tap = z.strictObject({
  ...card,
  kind: z.literal('tap'),
  /** An interface that exists and that this user may open. */
  interface: z.string().min(1).max(15),
  vhost: z.boolean().default(false),
});
const bridge = z.strictObject({
  ...card,
  kind: z.literal('bridge'),
  bridge: z.string().min(1).max(15),
  /** qemu-bridge-helper, when it is not where QEMU was built to find it. */
  helper: path.optional(),
});

/** One end of a point-to-point or switched network that carries Ethernet frames. */
const socketAddress = z.union([z.strictObject({ path }), z.strictObject({ host: z.string().min(1), port })]);
/** A free port of this host's loopback, chosen at each start and written to this file: for hosts where Node opens no Unix sockets. */
const portFile = z.strictObject({ portFile: path });
/** Frames with a length before each, over a stream (QEMU 7.2). */
const stream = z
  .strictObject({
    ...card,
    kind: z.literal('stream'),
    server: z.boolean().default(false),
    address: z.union([socketAddress, portFile]),
  })
  .refine(({ server, address }) => server || !('portFile' in address), {
    path: ['address'],
    message: 'expected a port that something listens at: portFile is for server: true',
  });
/** One frame to a datagram (QEMU 7.2). */
const dgram = z.strictObject({
  ...card,
  kind: z.literal('dgram'),
  local: socketAddress,
  remote: socketAddress,
});
/** The older form of `stream`, for QEMU before 7.2. */
const socket = z.strictObject({
  ...card,
  kind: z.literal('socket'),
  mode: z.enum(['listen', 'connect']),
  host: z.string().default('127.0.0.1'),
  port,
});
const vde = z.strictObject({ ...card, kind: z.literal('vde'), path });
/** passt(1) started by someone else, met at its Unix socket. */
const passt = z.strictObject({ ...card, kind: z.literal('passt'), path });
/** macOS's own network (QEMU 7.1); it needs root or Apple's entitlement. */
const vmnet = z.strictObject({
  ...card,
  kind: z.literal('vmnet'),
  mode: z.enum(['shared', 'host', 'bridged']),
  /** The host's interface, for `bridged`. */
  interface: z.string().optional(),
});
/** A card without a cable. */
const unplugged = z.strictObject({ ...card, kind: z.literal('none') });

export const network = z.discriminatedUnion('kind', [
  user,
  tap,
  bridge,
  stream,
  dgram,
  socket,
  vde,
  passt,
  vmnet,
  unplugged,
]);
export type SocketAddressConfig = z.output<typeof socketAddress>;
export type PortFileConfig = z.output<typeof portFile>;
