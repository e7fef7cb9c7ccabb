import type { CardIdentity, MachineIdentity, MachineSpec, PortForward } from '@goqemu/spec';
import * as z from 'zod/mini';
import type { NetworkMachine } from '../backend/networks.ts';
import { stateFormat, stateVersion } from './lab-state.ts';

const keyedBy = <T extends z.ZodMiniType>(row: T) => z.record(z.string(), row);
const summary = z.record(z.string(), z.unknown());
const flag = z.optional(z.literal(true));
const applied = z.array(z.object({ key: z.string(), name: z.string(), summary, bound: flag, expires: flag }));
const card = z.looseObject({
  name: z.string(),
  network: z.string(),
  slot: z.number(),
  mac: z.string(),
  ip: z.string(),
  prefix: z.number(),
  ip6: z.optional(z.string()),
  router: z.optional(z.string()),
} satisfies Record<keyof CardIdentity, z.ZodMiniType>);
/** A property that an earlier version did not record has a default here. */
const machineSpec = z.looseObject({
  name: z.string(),
  kind: z.enum(['vm', 'template']),
  arch: z.string(),
  firmware: z.string(),
  accelerator: z.string(),
  memory: z.number(),
  cpus: z.number(),
  disk: z.number(),
  display: z._default(z.boolean(), false),
  user: z.string(),
  identity: z.looseObject({
    hostname: z.string(),
    instanceId: z.string(),
    mac: z.string(),
    machineId: z.string(),
    sshPort: z.number(),
    cards: z.optional(z.array(card)),
  } satisfies Record<keyof MachineIdentity, z.ZodMiniType>),
  forwards: keyedBy(
    z.looseObject({
      protocol: z.optional(z.literal('udp')),
      host: z.number(),
      guest: z.number(),
      manual: flag,
    } satisfies Record<keyof PortForward, z.ZodMiniType>),
  ),
  timeouts: z._default(keyedBy(z.number()), {}),
  networks: z.optional(z.array(z.string())),
  network: z.optional(z.literal('host')),
  wayOut: z.optional(z.literal('none')),
} satisfies Record<keyof MachineSpec, z.ZodMiniType>);

const record = z.nullable(z.record(z.string(), z.unknown()));
const phase = z.enum(['making', 'made', 'deleting']);
const machineRow = z.looseObject({
  name: z.string(),
  spec: machineSpec,
  image: z.object({ reference: z.string(), key: z.string() }),
  record,
  base: z.string(),
  applied,
  above: z.optional(applied),
  layer: z.nullable(z.string()),
  phase,
  ready: z.boolean(),
  power: z.optional(z.enum(['stopped', 'suspended'])),
  dirty: z.boolean(),
  cutting: z.optional(z.object({ key: z.string(), checkpoint: z._default(z.string(), '') })),
  failed: z.optional(
    z.looseObject({
      layer: z.string(),
      pending: z.optional(z.boolean()),
      step: z.string(),
      at: z.string(),
      applied,
    }),
  ),
  checkpoints: keyedBy(z.string()),
  protect: z.boolean(),
  retain: z.boolean(),
  imported: z.optional(z.boolean()),
});
const resourceRow = z.looseObject({ name: z.string(), record, phase });
const networkMachine = z.looseObject({
  name: z.string(),
  hostname: z.string(),
  aliases: z.array(z.string()),
  cards: z.array(card),
} satisfies Record<keyof NetworkMachine, z.ZodMiniType>);
const networkRow = z.looseObject({
  name: z.string(),
  record,
  phase,
  spec: z.looseObject({
    name: z.string(),
    cidr: z.string(),
    cidr6: z.optional(z.string()),
    mtu: z.number(),
    nat: flag,
    internet: z.optional(z.object({ allow: z.array(z.string()) })),
  }),
  machines: z.array(networkMachine),
});

/** What a state file must look like; rows may know more than this version does. */
export const stateSchema = z.looseObject({
  format: z.literal(stateFormat),
  version: z.literal(stateVersion),
  lab: z.string(),
  stack: z.string(),
  lineage: z.string().check(z.regex(/^[0-9a-f]{12}$/)),
  serial: z.int().check(z.nonnegative()),
  backend: z.string(),
  savedAt: z.string(),
  forkedFrom: z.optional(
    z.looseObject({
      stack: z.string(),
      checkpoint: z.object({ id: z.string(), description: z.string() }),
      root: z.string(),
      lineages: z.array(z.string()),
      secrets: keyedBy(z.string()),
      machines: z.optional(z.array(z.string())),
      owner: z.optional(z.object({ pid: z.number(), startTime: z.string(), bootId: z.string() })),
    }),
  ),
  resources: z.catchall(
    z.object({ machine: keyedBy(machineRow), network: z.optional(keyedBy(networkRow)) }),
    keyedBy(resourceRow),
  ),
  layers: keyedBy(
    z.looseObject({
      machine: z.string(),
      parent: z.nullable(z.string()),
      shape: z.string(),
      bytes: z._default(z.number(), 0),
      usedAt: z.number(),
      returnedAt: z.optional(z.number()),
    }),
  ),
  captures: keyedBy(z.union([z.object({ value: z.string() }), z.object({ encrypted: z.string() })])),
  checkpoints: keyedBy(
    z.looseObject({
      id: z.string(),
      pending: z.optional(z.boolean()),
      description: z.string(),
      createdAt: z.string(),
      machines: keyedBy(z.object({ layer: z.string(), applied })),
    }),
  ),
  secrets: keyedBy(z.string()),
  runs: keyedBy(z.number()),
  durations: keyedBy(z.number()),
  outputs: keyedBy(z.unknown()),
  layerLimits: z.optional(z.object({ perMachine: z.number(), budget: z.number() })),
});
