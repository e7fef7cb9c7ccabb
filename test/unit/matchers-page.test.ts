import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { expect, probesOf } from '@goqemu/test';
import { ignoredPaths } from '../../packages/test/src/changes/manifest-script.ts';
import { stepProbe } from '../../packages/test/src/probes/step-probe.ts';

const page = readFileSync('docs/matchers.md', 'utf8');

/** Every matcher of the code, by the probe that it is of. */
function matchers(): Record<string, string[]> {
  const machine = probesOf({ exec: () => assert.fail('a probe asks nothing by itself') });
  const probe = stepProbe({ run: async () => undefined }, machine, 'lab.step("a", "b")');
  const all = {
    unit: expect(machine.unit('a')),
    port: expect(machine.port(1)),
    http: expect(machine.http('http://a')),
    file: expect(machine.file('/a')),
    process: expect(machine.process('a')),
    package: expect(machine.package('a')),
    user: expect(machine.user('a')),
    journal: expect(machine.journal()),
    command: expect(machine.command('a')),
    mount: expect(machine.mount('/a')),
    service: expect(machine.service('a')),
    screen: expect(machine.screen),
    machine: expect(machine),
    step: expect(probe),
    'screen.getByText': expect(machine.screen.getByText('a')),
  };
  const made = Object.keys(machine).filter((name) => name !== 'baseline');
  assert.deepEqual(Object.keys(all), [...made, 'machine', 'step', 'screen.getByText'], 'every kind of probe is here');
  return Object.fromEntries(
    Object.entries(all).map(([kind, { not, ...own }]) => [kind, Object.keys(own).filter((name) => name in not)]),
  );
}

test('the table of docs/matchers.md has every probe and every matcher, and no others', () => {
  const documented: Record<string, string[]> = {};
  let kind = '';
  for (const row of page.matchAll(/^\| *(?:`(\w+(?:\.getByText)?)[(`][^|]*|a (machine|step) *|) *\| `(\w+)\(/gm)) {
    kind = row[1] ?? row[2] ?? kind;
    documented[kind] = [...(documented[kind] ?? []), row[3] ?? ''];
  }
  assert.deepEqual(documented, matchers());
});

test('the page names the folders that a comparison leaves out', () => {
  for (const path of ignoredPaths.filter((one) => /^\/(?!var\/(?:lib|lock|run)|etc|lost|swap|lib|usr)/.test(one)))
    assert.ok(page.includes(`\`${path}\``), path);
});
