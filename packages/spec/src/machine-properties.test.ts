import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineProperties } from './machine-properties.ts';
import type { MachineProperty } from './machine-property.ts';
import type { MachineSpec } from './machine-spec.ts';
import { ramShape } from './ram-shape.ts';
import { baseKeyProperties, propertiesWith, ramShapeProperties } from './read-properties.ts';

test('a property of a machine that the table leaves out does not compile, nor does a row that leaves something open', () => {
  interface Wider extends MachineSpec {
    readonly colour: number;
  }
  type Table<T> = { readonly [K in keyof T]: MachineProperty<T[K]> };
  // @ts-expect-error there is no row for colour
  const forgotten = machineProperties satisfies Table<Wider>;
  const { change: _, ...rest } = machineProperties.memory;
  // @ts-expect-error it does not say what a change means
  const open = rest satisfies MachineProperty<number>;
  // @ts-expect-error a rule for texts is no rule for numbers
  const wrong = machineProperties.user satisfies MachineProperty<number>;
  assert.ok(forgotten && open && wrong);
});

test('what is in the key of a machine that is ready is made again by a change, and a machine with from has the base’s', () => {
  for (const property of baseKeyProperties) {
    const { change, derived } = machineProperties[property];
    assert.deepEqual([change, derived], ['recreate', 'fixed'], property);
  }
  assert.deepEqual([...propertiesWith('change', 'recreate')].sort(), [...baseKeyProperties, 'kind', 'network'].sort());
});

test('the places in the key and in the shape are those that layers and states hold', () => {
  assert.deepEqual(baseKeyProperties, ['disk', 'arch', 'firmware', 'user']);
  assert.deepEqual(ramShapeProperties, ['arch', 'firmware', 'memory', 'cpus', 'accelerator']);
  const shape = { arch: 'amd64', firmware: 'bios', memory: 1, cpus: 2, accelerator: 'tcg', display: false } as const;
  assert.equal(ramShape(shape), 'amd64/bios/1/2/tcg');
  assert.equal(ramShape({ ...shape, network: 'host' }), 'amd64/bios/1/2/tcg/host');
  assert.equal(ramShape({ ...shape, display: true }), 'amd64/bios/1/2/tcg/display');
});

test('what starts a machine again or tells its RAM apart cannot be changed live', () => {
  for (const property of ramShapeProperties)
    assert.ok(['restart', 'recreate'].includes(machineProperties[property].change), property);
});
