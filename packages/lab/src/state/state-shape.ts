import {
  anything,
  either,
  fields,
  flag,
  list,
  nullable,
  number,
  oneOf,
  optional,
  table,
  text,
  wholeNumber,
  withDefault,
} from '@goqemu/core';
import { stateFormat, stateVersion } from './lab-state.ts';

const summary = table(anything);
const applied = list(fields({ key: text(), name: text(), summary }));
const machineSpec = fields({
  name: text(),
  kind: oneOf('vm', 'template'),
  arch: text(),
  firmware: text(),
  accelerator: text(),
  memory: number,
  cpus: number,
  disk: number,
  user: text(),
  identity: fields({
    hostname: text(),
    instanceId: text(),
    mac: text(),
    machineId: text(),
    sshPort: number,
  }),
  forwards: table(fields({ host: number, guest: number })),
});

/** What a state file must look like; rows may know more than this version does. */
export const stateShape = fields({
  format: oneOf(stateFormat),
  version: oneOf(stateVersion),
  lab: text(),
  stack: text(),
  lineage: text(/^[0-9a-f]{12}$/),
  serial: wholeNumber(0),
  backend: text(),
  savedAt: text(),
  forkedFrom: optional(
    fields({
      stack: text(),
      checkpoint: fields({ id: text(), description: text() }),
      root: text(),
      lineages: list(text()),
      secrets: table(text()),
      machines: optional(list(text())),
      owner: optional(fields({ pid: number, startTime: text(), bootId: text() })),
    }),
  ),
  machines: table(
    fields({
      name: text(),
      spec: machineSpec,
      image: fields({ reference: text(), key: text() }),
      record: nullable(table(anything)),
      base: text(),
      applied,
      above: optional(applied),
      layer: nullable(text()),
      phase: oneOf('making', 'made', 'deleting'),
      ready: flag,
      dirty: flag,
      cutting: optional(fields({ key: text(), checkpoint: withDefault(text(), '') })),
      checkpoints: table(text()),
      protect: flag,
      retain: flag,
      imported: optional(flag),
    }),
  ),
  layers: table(
    fields({
      machine: text(),
      parent: nullable(text()),
      shape: text(),
      bytes: withDefault(number, 0),
      usedAt: number,
    }),
  ),
  captures: table(either(fields({ value: text() }), fields({ encrypted: text() }))),
  checkpoints: table(
    fields({
      id: text(),
      pending: optional(flag),
      description: text(),
      createdAt: text(),
      parent: nullable(text()),
      machines: table(fields({ layer: text(), applied })),
    }),
  ),
  secrets: table(text()),
  runs: table(number),
  durations: table(number),
  outputs: table(anything),
});
