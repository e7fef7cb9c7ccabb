import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Action, formatTrace, type TestRecord } from '@goqemu/test/process';
import { LabWithGuest } from '../shell/fixture/lab-with-guest.ts';
import type { TestLab } from '../shell/fixture/test-lab.ts';

let opened: LabWithGuest;
let lab: TestLab;
let kept: { id: string; machines: { name: string; layer: string }[]; bytes: number };

before(async () => {
  opened = await LabWithGuest.open(['web', 'db']);
  lab = opened.lab;
  await ran('checkpoint', 'fork', 'ready', '--name', 'test-1', '--yes');
  kept = JSON.parse(await ran('checkpoint', 'create', 'failed: it breaks', '--stack', 'test-1', '--yes', '--json'));
});

after(() => opened[Symbol.asyncDispose]());

async function ran(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.run(words);
  assert.equal(code, 0, stderr);
  return stdout;
}

const exec = (n: number, command: string, more: Partial<Action> = {}): Action => ({
  ...{ n, kind: 'machine', title: `web.exec("${command}")`, machine: 'web', atMs: n * 100, durationMs: 90 },
  ...{ result: 'passed', again: { on: 'machine', name: 'web', method: 'exec', args: [command] } },
  ...more,
});

function write(name: string, more: Partial<TestRecord> = {}): string {
  const folder = lab.file('test-results/traces');
  mkdirSync(folder, { recursive: true });
  const record: TestRecord = {
    ...{ version: 1, run: 'abc', worker: 1, file: lab.file('web.lab.test.ts'), line: 7, name: 'it breaks', attempt: 1 },
    ...{ startedAt: Date.UTC(2026, 0, 2), durationMs: 1234, result: 'failed' },
    error: { code: 'command-failed', message: 'exit code 3\nsecond line', hint: 'look at it' },
    lab: {
      ...{ name: 'web', file: lab.file('lab.ts'), stack: 'default', at: 'ready' },
      ...{ isolation: 'fork', machines: ['db', 'web'] },
    },
    actions: [
      exec(1, `echo one >> ${lab.file('done')}`),
      { n: 2, kind: 'step', title: 'a part', atMs: 200, durationMs: 50, result: 'failed' },
      exec(3, 'login', { step: 2, again: undefined as never }),
      exec(4, `echo two >> ${lab.file('done')}; exit 3`, {
        step: 2,
        result: 'failed',
        exitCode: 3,
        stdout: 'a\u001b[2Jb\n',
      }),
    ],
    evidence: {
      machines: [{ name: 'web', status: 'running', console: 'login: \n', journal: 'oops\n', missing: ['changes: no'] }],
      events: [],
      place: {
        ...{ stack: 'test-1', checkpoint: kept.id, bytes: kept.bytes, ownStack: true },
        machines: kept.machines.map((machine) => ({ ...machine, ram: true })),
      },
    },
    ...more,
  };
  const path = join(folder, `${name}.trace.jsonl`);
  writeFileSync(path, formatTrace(record));
  return path;
}

test('a trace is read without its lab, and shows what the test did and what its machines said', async () => {
  const path = write('it-breaks.abc-1');
  const shown = await ran('trace', 'show', path, '--trace-dir', 'elsewhere');
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
  const elsewhere = await ran('trace', 'show', '--trace-dir', 'else where');
  assert.match(elsewhere, /goqemu trace open 'else where\/it-breaks\.abc-1\.trace\.jsonl'\n/);
  assert.equal((JSON.parse(await ran('trace', 'show', '--json')) as TestRecord).actions.length, 4);
  assert.match(await ran('trace', 'list'), /it-breaks\.abc-1 +it breaks +2026-01-02T00:00:01Z +(?:db, web|web, db)/);
});

test('it is opened at the failure, in the machine that failed, in a copy that is gone afterwards', async () => {
  write('it-breaks.abc-1');
  const { code, stdout, stderr } = await lab.run(['trace', 'open', 'it-br', '--', 'sh', '-c', 'echo here; exit 7']);
  assert.deepEqual([code, stdout], [7, 'here\n'], stderr);
  assert.match(stderr, /web as in it breaks; from another terminal: goqemu ssh web --stack trace-/);
  assert.deepEqual(stacks(), ['default', 'test-1']);
  const other = await lab.run(['trace', 'open', '--machine', 'db', '--', 'true']);
  assert.match(other.stderr, /^db as in/m);
});

test('before an earlier action, those before it are done again from the beginning, and what cannot be is said', async () => {
  write('it-breaks.abc-1');
  const { code, stderr } = await lab.run(['trace', 'open', '--at', '4', '--', 'true']);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(lab.file('done'), 'utf8'), 'one\n');
  assert.match(stderr, /actions before 4 again; what the test did besides them/);
  assert.match(stderr, /1 {2}web\.exec\(.*\n +3 {2}web\.exec\("login"\) {2}cannot be done again/);
  assert.deepEqual(stacks(), ['default', 'test-1']);
  const far = await lab.run(['trace', 'open', '--at', '9']);
  assert.deepEqual([far.code, /had 4 actions/.test(far.stderr)], [64, true], far.stderr);
});

test('before an action whose machines were kept, nothing is done again', async () => {
  const place = { stack: 'test-1', checkpoint: kept.id, machines: [], bytes: kept.bytes, ownStack: true };
  const actions = [
    exec(1, 'exit 9'),
    exec(2, 'two', { again: undefined as never }),
    exec(3, 'three', { before: place }),
  ];
  write('it-breaks.abc-1', { actions });
  const { code, stdout, stderr } = await lab.run(['trace', 'open', '--at', '2', '--', 'echo', 'in']);
  assert.deepEqual([code, stdout], [0, 'in\n'], stderr);
  assert.doesNotMatch(stderr, /again/);
});

test('a lab that needs parameters has those that the test ran with', async () => {
  const plain = readFileSync(lab.file('lab.ts'), 'utf8');
  lab.write(
    plain
      .replace("{ name: 'web' }", "{ name: 'web', params: z.object({ size: z.number() }) }")
      .replace('{ defineLab }', '{ defineLab, z }'),
  );
  const run = { name: 'web', file: lab.file('lab.ts'), stack: 'default', at: 'ready', isolation: 'fork' } as const;
  write('it-breaks.abc-1', { lab: { ...run, machines: ['web', 'db'], parameters: { size: 1 } } });
  for (const words of [[], ['--at', '4']])
    assert.equal(await ran('trace', 'open', ...words, '--', 'echo', 'in'), 'in\n');
  write('it-breaks.abc-1', { lab: { ...run, machines: ['web', 'db'] } });
  assert.match((await lab.run(['trace', 'open', '--at', '4', '--', 'true'])).stderr, /size/);
  lab.write(plain);
});

test('where its machines are not, that is said, with what it needs', async () => {
  const [gone, refused] = [write('gone.abc-2'), write('refused.abc-3')];
  const place = {
    stack: 'test-1',
    checkpoint: '00000000',
    machines: [{ name: 'web', layer: 'f'.repeat(64), ram: true }],
  };
  write('gone.abc-2', { evidence: { machines: [], events: [], place: { ...place, bytes: 1, ownStack: true } } });
  write('refused.abc-3', {
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
  const path = write('torn.abc-4');
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
  await failing(['show', path], /was not written to its end/);
  writeFileSync(path, '{"format":"goqemu-trace","version":99}\n');
  await failing(['show', path], /written by a newer goqemu/);
  await failing(['delete'], /which traces\?/);
  assert.match((await lab.run(['trace', 'list'])).stderr, /newer goqemu/);
});

test('one that is damaged is named, stops no other, and can be deleted', async () => {
  write('whole.abc-7', { evidence: undefined as never });
  const damages: readonly ((path: string) => void)[] = [
    (path) => writeFileSync(path, ''),
    (path) => writeFileSync(path, Buffer.alloc(500)),
    (path) => writeFileSync(path, '{"format":"goqemu-trace","version":1}\n{"type":"end"}\n'),
    (path) => writeFileSync(path, `null\n${readFileSync(path, 'utf8')}`),
    (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('{"type":"end"}', 'null')),
  ];
  for (const damage of damages) {
    const path = write('hurt.abc-8');
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
  write('it-breaks.abc-1');
});

test('deleting a trace removes what it kept of machines, and no other', async () => {
  write('it-breaks.abc-1');
  assert.match(await ran('trace', 'delete', 'it-breaks'), /deleted 1 trace/);
  assert.deepEqual(stacks(), ['default']);
  const taken = JSON.parse(await ran('checkpoint', 'create', 'failed: other', '--yes', '--json')) as typeof kept;
  const place = { ...{ stack: 'default', checkpoint: taken.id, bytes: 1, ownStack: false }, machines: [] };
  write('restored.abc-5', { startedAt: 5, evidence: { machines: [], events: [], place } });
  write('newest.abc-6', {
    startedAt: Date.UTC(2030, 0),
    evidence: { machines: [], events: [], place: { missing: '' } },
  });
  await ran('trace', 'delete', '--keep', '1');
  assert.deepEqual(
    readdirSync(lab.file('test-results/traces')).filter((name) => !name.startsWith('torn')),
    ['newest.abc-6.trace.jsonl'],
  );
  assert.doesNotMatch(await ran('checkpoint', 'list'), /failed: other/);
  await ran('trace', 'delete', '--all');
  assert.ok(!existsSync(lab.file('test-results/traces/newest.abc-6.trace.jsonl')));
});

function stacks(): readonly string[] {
  return readdirSync(lab.file('.goqemu/web')).sort();
}
