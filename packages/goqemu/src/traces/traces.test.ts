import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { TestRecord } from '@goqemu/test/process';
import { labOf, TestLab } from '../shell/fixture/test-lab.ts';
import { FailedTest, type KeptMachines, ran } from './fixture/failed-test.ts';

const lab = new TestLab(labOf('web', ['web', 'db']));
let failed: FailedTest;

before(async () => {
  await ran(lab, 'apply', '--yes');
  failed = await FailedTest.in(lab);
});

after(() => lab[Symbol.dispose]());

test('a trace is read without its lab, and shows what the test did and what its machines said', async () => {
  const path = failed.writeTrace('it-breaks.abc-1');
  const shown = await ran(lab, 'trace', 'show', path, '--trace-dir', 'elsewhere');
  for (const part of [/it breaks\n {2}web\.lab\.test\.ts:7/, /exit code 3/, /hint: look at it/, /\n +4 {4}✗ web\.exec/])
    assert.match(shown, part);
  for (const part of [
    /stdout: ab/,
    /serial console\n +login:/,
    /journal\n +oops/,
    /not there: changes: no/,
    /db \(disk and RAM\)/,
  ])
    assert.match(shown, part);
  assert.match(shown, /enter them: goqemu trace open it-breaks\.abc-1\n/);
  mkdirSync(lab.file('else where'));
  copyFileSync(path, lab.file('else where/it-breaks.abc-1.trace.jsonl'));
  const elsewhere = await ran(lab, 'trace', 'show', '--trace-dir', 'else where');
  assert.match(elsewhere, /goqemu trace open 'else where[\\/]it-breaks\.abc-1\.trace\.jsonl'\n/);
  assert.equal((JSON.parse(await ran(lab, 'trace', 'show', '--json')) as TestRecord).actions.length, 4);
  assert.match(
    await ran(lab, 'trace', 'list'),
    /it-breaks\.abc-1 +it breaks +2026-01-02T00:00:01Z +(?:db, web|web, db)/,
  );
});

test('where its machines are not, that is said, with what it needs', async () => {
  const [gone, refused] = [failed.writeTrace('gone.abc-2'), failed.writeTrace('refused.abc-3')];
  const place = {
    stack: 'test-1',
    checkpoint: '00000000',
    machines: [{ name: 'web', layer: 'f'.repeat(64), ram: true }],
  };
  failed.writeTrace('gone.abc-2', {
    evidence: { machines: [], events: [], place: { ...place, bytes: 1, ownStack: true } },
  });
  failed.writeTrace('refused.abc-3', {
    evidence: { machines: [], events: [], place: { missing: 'none of its machines was running' } },
  });
  const away = await lab.run(['trace', 'open', gone]);
  assert.match(away.stderr, /needs the checkpoint "00000000" of the lab web, stack test-1 \(web: layer f{12}\)/);
  const none = await lab.run(['trace', 'open', refused]);
  assert.match(none.stderr, /were not kept: none of its machines was running[\s\S]*trace open refused\.abc-3 --at 4/);
});

test('what is no trace, or is not there, is said', async () => {
  const failing = async (words: string[], message: RegExp) => {
    const { code, stderr } = await lab.run(['trace', ...words]);
    assert.match(stderr, message);
    assert.notEqual(code, 0);
  };
  await failing(['show', 'lab.ts'], /lab\.ts is no trace of a test/);
  await failing(['show', 'away'], /there is no trace "away"/);
  const path = failed.writeTrace('torn.abc-4');
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
  await failing(['show', path], /was not written to its end/);
  writeFileSync(path, '{"format":"goqemu-trace","version":99}\n');
  await failing(['show', path], /written by a newer goqemu/);
  await failing(['delete'], /which traces\?/);
  assert.match((await lab.run(['trace', 'list'])).stderr, /newer goqemu/);
});

test('one that is damaged is named, stops no other, and can be deleted', async () => {
  failed.writeTrace('whole.abc-7', { evidence: undefined as never });
  const damages: readonly ((path: string) => void)[] = [
    (path) => writeFileSync(path, ''),
    (path) => writeFileSync(path, Buffer.alloc(500)),
    (path) => writeFileSync(path, '{"format":"goqemu-trace","version":1}\n{"type":"end"}\n'),
    (path) => writeFileSync(path, `null\n${readFileSync(path, 'utf8')}`),
    (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('{"type":"end"}', 'null')),
  ];
  for (const damage of damages) {
    const path = failed.writeTrace('hurt.abc-8');
    damage(path);
    const { code, stdout, stderr } = await lab.run(['trace', 'list']);
    assert.deepEqual([code, /whole\.abc-7/.test(stdout)], [0, true], stderr);
    assert.match(stderr, /hurt\.abc-8\.trace\.jsonl is no trace of a test: .*trace delete/);
    assert.match((await lab.run(['trace', 'show', 'hurt.abc-8'])).stderr, /is no trace of a test/);
    const deleted = await lab.run(['trace', 'delete', 'hurt.abc-8']);
    assert.deepEqual([deleted.code, existsSync(path)], [0, false], deleted.stderr);
    assert.match(deleted.stderr, /did not say which machines it kept/);
  }
  const path = lab.file('test-results/traces/folder.abc-9.trace.jsonl');
  mkdirSync(path);
  assert.match((await lab.run(['trace', 'list'])).stderr, /a folder is in its place/);
  assert.equal((await lab.run(['trace', 'delete', '--all'])).code, 0);
  assert.ok(existsSync(path), 'it is not goqemu’s');
  rmdirSync(path);
  failed.writeTrace('it-breaks.abc-1');
});

test('deleting a trace removes what it kept of machines, and no other', async () => {
  failed.writeTrace('it-breaks.abc-1');
  assert.match(await ran(lab, 'trace', 'delete', 'it-breaks'), /deleted 1 trace/);
  assert.deepEqual(failed.stacks(), ['default']);
  const taken = JSON.parse(await ran(lab, 'checkpoint', 'create', 'failed: other', '--yes', '--json')) as KeptMachines;
  const place = { ...{ stack: 'default', checkpoint: taken.id, bytes: 1, ownStack: false }, machines: [] };
  failed.writeTrace('restored.abc-5', { startedAt: 5, evidence: { machines: [], events: [], place } });
  failed.writeTrace('newest.abc-6', {
    startedAt: Date.UTC(2030, 0),
    evidence: { machines: [], events: [], place: { missing: '' } },
  });
  await ran(lab, 'trace', 'delete', '--keep', '1');
  assert.deepEqual(
    readdirSync(lab.file('test-results/traces')).filter((name) => !name.startsWith('torn')),
    ['newest.abc-6.trace.jsonl'],
  );
  assert.doesNotMatch(await ran(lab, 'checkpoint', 'list'), /failed: other/);
  await ran(lab, 'trace', 'delete', '--all');
  assert.ok(!existsSync(lab.file('test-results/traces/newest.abc-6.trace.jsonl')));
});
