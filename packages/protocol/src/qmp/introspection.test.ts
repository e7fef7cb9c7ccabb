import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QmpIntrospection } from './introspection.ts';

const schema = new QmpIntrospection([
  { name: 'add', 'meta-type': 'command', 'arg-type': 'u', 'ret-type': '[s]', features: ['deprecated'] },
  { name: 'STOPPED', 'meta-type': 'event', 'arg-type': 's' },
  {
    name: 'u',
    'meta-type': 'object',
    members: [
      { name: 'driver', type: 'e' },
      { name: 'names', type: '[s]' },
      { name: 'file', type: 'alt' },
    ],
    tag: 'driver',
    variants: [
      { case: 'file', type: 's' },
      { case: 'null', type: 'empty' },
    ],
  },
  { name: 's', 'meta-type': 'object', members: [{ name: 'x', type: 'e', features: ['unstable'] }] },
  { name: 'empty', 'meta-type': 'object', members: [] },
  { name: '[s]', 'meta-type': 'array', 'element-type': 's' },
  { name: 'e', 'meta-type': 'enum', members: [{ name: 'file', features: ['new'] }], values: ['file'] },
  { name: 'old', 'meta-type': 'enum', values: ['a'] },
  { name: 'alt', 'meta-type': 'alternate', members: [{ type: 's' }, { type: 'old' }] },
]);

const cases: readonly [string, boolean][] = [
  ['add', true],
  ['remove', false],
  ['u', false],
  ['STOPPED', true],
  ['STOPPED/arg-type/x', true],
  ['add/$deprecated', true],
  ['add/$unstable', false],
  ['add/arg-type', true],
  ['add/arg-type/driver', true],
  ['add/arg-type/driver/^file', true],
  ['add/arg-type/driver/^file/$new', true],
  ['add/arg-type/driver/^file/$old', false],
  ['add/arg-type/driver/^none', false],
  ['add/arg-type/+file/x', true],
  ['add/arg-type/+file/x/$unstable', true],
  ['add/arg-type/+file/y', false],
  ['add/arg-type/+null', true],
  ['add/arg-type/+none', false],
  ['add/arg-type/names/x', true],
  ['add/arg-type/file/x', true],
  ['add/arg-type/file/^a', true],
  ['add/arg-type/file/^b', false],
  ['add/ret-type/x', true],
  ['add/ret-type/none', false],
  ['add/other-type', false],
];

for (const [path, there] of cases) {
  test(`${path} is ${there ? '' : 'not '}supported`, () => assert.equal(schema.supports(path), there));
}
