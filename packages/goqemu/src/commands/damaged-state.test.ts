import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { labOf, TestLab } from '../shell/fixture/test-lab.ts';

const state = '.goqemu/web/default/state.json';
const journal = '.goqemu/web/default/journal.ndjson';

/** A lab of one machine that was applied twice, so that there is a save before the last. */
async function appliedLab(): Promise<TestLab> {
  const lab = new TestLab(labOf('web', ['web'], 'echo one'));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  lab.write(labOf('web', ['web'], 'echo two'));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  return lab;
}

function edit(lab: TestLab, change: (state: Record<string, unknown>) => void): void {
  const content = JSON.parse(readFileSync(lab.file(state), 'utf8')) as Record<string, unknown>;
  change(content);
  writeFileSync(lab.file(state), JSON.stringify(content));
}

const healed: Readonly<Record<string, (lab: TestLab) => void>> = {
  'cut short': (lab) => writeFileSync(lab.file(state), readFileSync(lab.file(state), 'utf8').slice(0, 300)),
  empty: (lab) => writeFileSync(lab.file(state), ''),
  gone: (lab) => rmSync(lab.file(state)),
  'no JSON': (lab) => writeFileSync(lab.file(state), 'machines: none\n'),
  'JSON of something else': (lab) => writeFileSync(lab.file(state), '{"format":"other"}'),
};
for (const [what, damage] of Object.entries(healed)) {
  test(`a state that is ${what} is rebuilt: the plan says so, and the next apply writes it`, async () => {
    using lab = await appliedLab();
    damage(lab);
    const planned = await lab.run(['plan', '--detailed-exitcode']);
    assert.equal(planned.code, 0, planned.stderr);
    assert.match(planned.stdout + planned.stderr, /rebuilt from the save before/);
    assert.equal((await lab.run(['apply', '--yes'])).code, 0);
    const after = await lab.run(['plan']);
    assert.doesNotMatch(after.stdout + after.stderr, /rebuilt/);
    assert.equal(lab.host.machines.size, 1, 'the machine is still there, once');
    assert.equal(lab.host.machine('web')?.boots, 2, 'and was left alone');
  });
}

const refused: Readonly<Record<string, { damage: (lab: TestLab) => void; says: readonly RegExp[] }>> = {
  'of a newer goqemu': {
    damage: (lab) => edit(lab, (content) => Object.assign(content, { version: 99 })),
    says: [/state\.json/, /newer|later/, /next: /],
  },
  'of another lab': {
    damage: (lab) => edit(lab, (content) => Object.assign(content, { lab: 'shop' })),
    says: [/state\.json/, /shop/, /next: /],
  },
  'of another kind of host': {
    damage: (lab) => edit(lab, (content) => Object.assign(content, { backend: 'cluster' })),
    says: [/cluster/, /next: /],
  },
  'of another lineage than its journal': {
    damage: (lab) => {
      writeFileSync(lab.file(journal), readFileSync(lab.file('.goqemu/web/default/journal.before.ndjson')));
      edit(lab, (content) => Object.assign(content, { lineage: '000000000000', serial: 1 }));
    },
    says: [/journal\.ndjson/, /lineage/, /next: /],
  },
};
for (const [what, { damage, says }] of Object.entries(refused)) {
  test(`a state ${what} is refused with 65 by every command, and nothing is touched`, async () => {
    using lab = await appliedLab();
    damage(lab);
    const before = readFileSync(lab.file(state), 'utf8');
    for (const command of [['plan'], ['apply', '--yes'], ['destroy', '--yes'], ['status'], ['refresh']]) {
      const { code, stderr } = await lab.run(command);
      assert.equal(code, 65, `${command.join(' ')}: ${stderr}`);
      for (const words of says) assert.match(stderr, words, command.join(' '));
    }
    assert.equal(readFileSync(lab.file(state), 'utf8'), before);
    assert.equal(lab.host.machine('web')?.status, 'running');
  });
}

test('a journal with garbage at its end is read up to the garbage, and what it held is saved', async () => {
  using lab = await appliedLab();
  writeFileSync(lab.file(journal), '');
  appendFileSync(lab.file(journal), Buffer.from([0, 255, 10, 91, 34, 120]));
  assert.equal((await lab.run(['plan', '--detailed-exitcode'])).code, 0);
  assert.equal((await lab.run(['status'])).code, 0);
  lab.write(labOf('web', ['web', 'db'], 'echo two'));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  assert.equal((await lab.run(['plan', '--detailed-exitcode'])).code, 0);
  assert.equal(lab.host.machines.size, 2);
});
