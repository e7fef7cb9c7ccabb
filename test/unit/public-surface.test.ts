import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { apiReport, reportFile } from '../../scripts/api/api-report.ts';
import { readPublicSurface } from '../../scripts/api/public-surface.ts';
import { undocumentedNames } from '../../scripts/api/undocumented-names.ts';
import { unnameableTypes } from '../../scripts/api/unnameable-types.ts';

const surface = readPublicSurface(resolve('.'));
// First of all: the compiler writes the members of an inferred union in the order in which it has met them.
const reports = [...surface.entries.keys()].map((subpath) => [subpath, apiReport(surface, subpath)] as const);
const namesOf = (subpath: string) => new Set((surface.entries.get(subpath) ?? []).map(({ name }) => name));

test('every type in a public signature can be imported', () => {
  const lines = unnameableTypes(surface).map(({ name, file, usedBy }) => `${name} of ${file}, used by ${usedBy}`);
  assert.deepEqual(lines, []);
});

test('every export has a docstring', () => {
  for (const subpath of surface.entries.keys()) assert.deepEqual(undocumentedNames(surface, subpath), [], subpath);
});

test('the report of the public surface in api/ is up to date (npm run docs)', () => {
  for (const [subpath, report] of reports) {
    const isSame = readFileSync(reportFile(subpath), 'utf8') === report;
    assert.ok(isSame, `${reportFile(subpath)} differs: look at the change with npm run docs && git diff api`);
  }
});

test('a subpath has what its users need, and nothing of the others', () => {
  const [machine, qmp, qga] = ['goqemu/machine', 'goqemu/qmp', 'goqemu/qga'].map(namesOf) as [
    Set<string>,
    Set<string>,
    Set<string>,
  ];
  const workshop = ['captureRam', 'topNode', 'memoryId', 'netdevId', 'forwardText', 'standbyPortName', 'stateChannel'];
  for (const name of workshop) assert.ok(!machine.has(name), name);
  for (const name of ['launchMachine', 'attachMachine', 'probeMachine', 'findQemu', 'Machine'])
    assert.ok(machine.has(name), name);
  for (const name of ['QmpClient', 'QmpCommands', 'BlockdevOptions']) assert.ok(qmp.has(name) && !qga.has(name), name);
  for (const name of ['GuestAgentClient', 'QgaCommands', 'GuestFsfreezeStatus'])
    assert.ok(qga.has(name) && !qmp.has(name), name);
  const testing = namesOf('goqemu/testing');
  for (const name of ['FakeBackend', 'LabBench', 'Plan', 'Operation', 'ensureTinyGuest'])
    assert.ok(testing.has(name), name);
  // What others export is theirs: of a lab `goqemu`, of a backend's roles `goqemu/backend`.
  for (const subpath of ['goqemu', 'goqemu/backend'])
    for (const name of namesOf(subpath)) assert.ok(!testing.has(name), `${name} of ${subpath}`);
});
