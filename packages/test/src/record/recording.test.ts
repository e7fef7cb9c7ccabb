import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { expect } from '../expect/expect.ts';
import { scriptedGuest } from '../fixture/scripted-guest.fixture.ts';
import { probesOf } from '../probes/probes-of.ts';
import type { TestRun } from '../runner/fixtures.ts';
import type { LabLease } from '../runner/lab-leases.ts';
import type { PreparedRun } from '../runner/run-prepared.ts';
import { type RunSettings, readRunSettings } from '../runner/run-settings.ts';
import { runTest } from '../runner/run-test.ts';
import type { LabTracing, TestedLab, TestedLabSource } from '../runner/tested-lab.ts';
import { LabTrace } from '../trace/lab-trace.ts';
import { readTrace } from '../trace/trace-file.ts';
import { keptBytes, type TestRecord } from './test-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'goqemu-traces-'));
after(() => rmSync(folder, { recursive: true }));
let runs = 0;

/** A lab of two machines, one of which is off, that notes what is done with it. */
function lab(tracing: Partial<LabTracing> = {}) {
  const did: string[] = [];
  const guest = scriptedGuest([
    ['journalctl', 'the journal says s3cret\n'],
    ['walk', '/etc/b\n/etc/a\n'],
    ['systemctl', 'ActiveState failed\n'],
  ]);
  const machines = [
    { name: 'web', state: 'running' },
    { name: 'db', state: 'stopped' },
  ];
  const tested = { name: 'shop', status: async () => ({ machines }), machine: () => guest } as unknown as TestedLab;
  const source = {
    ...{ fixture: 'lab', at: 'ready', isolation: 'fork' },
    tracing: {
      ...{ file: '/shop/lab.ts', stack: 'default', parameters: { image: 'debian-13', key: 's3cret', made: () => 1 } },
      mask: async () => (text: string) => text.replaceAll('s3cret', '•••'),
      readConsole: async (_lab: TestedLab, name: string) => `${name} login: s3cret`,
      cut: async (
        _lab: TestedLab,
        { description, machines: cut }: { description: string; machines: readonly string[] },
      ) => {
        did.push(`cut ${cut.join()} as ${description}`);
        return { stack: 'test-1', checkpoint: 'abc', machines: [], bytes: 1, ownStack: true };
      },
      keep: async () => void did.push('kept'),
      ...tracing,
    },
  } as unknown as TestedLabSource;
  const lease: LabLease = { lab: tested, machines: ['web', 'db'], [Symbol.asyncDispose]: async () => undefined };
  const prepare = async (run: TestRun): Promise<PreparedRun<TestRun>> => ({
    fixtures: run,
    trace: await LabTrace.of({ source, lease, events: [{ at: '', type: 'notice' }], probed: new Map() }),
    [Symbol.asyncDispose]: async () => void did.push('given back'),
  });
  return { did, guest, prepare };
}

interface Kept {
  readonly said: readonly string[];
  readonly traces: readonly TestRecord[];
  readonly records: readonly TestRecord[];
}

async function run(
  prepare: (run: TestRun) => Promise<PreparedRun<TestRun>>,
  body: (run: TestRun) => unknown,
  settings: Partial<RunSettings> = {},
): Promise<Kept> {
  const said: string[] = [];
  const [traces, records] = [join(folder, `traces-${++runs}`), join(folder, `records-${runs}`)];
  const t = {
    name: 'it / breaks',
    signal: new AbortController().signal,
    diagnostic: (text: string) => said.push(text),
  };
  await runTest(
    {
      ...{ name: 'it / breaks', file: 'a.test.ts', timeoutMs: 60_000, retries: 1, untilFails: 1, attachments: folder },
      place: { file: import.meta.filename ?? '', line: 3, column: 1 },
      records: { ...readRunSettings({}, folder), id: 'abc', trace: 'on-failure', traces, records, ...settings },
      ...{ prepare, body },
    },
    t as unknown as TestContext,
  ).catch(() => undefined);
  const files = (at: string) => {
    try {
      return readdirSync(at).sort();
    } catch {
      return [];
    }
  };
  return {
    said,
    traces: await Promise.all(files(traces).map((name) => readTrace(join(traces, name)))),
    records: files(records).map((name) => JSON.parse(readFileSync(join(records, name), 'utf8')) as TestRecord),
  };
}

test('a test that fails leaves its actions, what its machines say, and the place, before its lab is given back', async () => {
  const { prepare, did, guest } = lab();
  const { traces, records, said } = await run(
    prepare,
    async ({ actions }) => {
      await expect(probesOf(guest, { name: 'web', timeout: 1 }).unit('nginx')).toBeActive();
      actions.perform({ kind: 'mark', title: 'never' }, () => undefined);
    },
    { keepTraces: 1 },
  );
  assert.deepEqual(did, ['cut web as failed: it / breaks', 'kept', 'given back', 'given back']);
  const [first, second] = traces;
  assert.deepEqual(first?.lab?.parameters, { image: 'debian-13' }, 'what is data, and holds no secret');
  assert.deepEqual([traces.length, first?.attempt, second?.attempt], [2, 1, 2]);
  assert.deepEqual(
    first?.actions.map(({ kind, title, result }) => [kind, title, result]),
    [['expect', 'expect(web.unit("nginx")).toBeActive()', 'failed']],
  );
  assert.equal(first?.error?.code, 'expectation-failed');
  assert.equal(first?.error?.place?.file, import.meta.filename);
  const { machines = [], place, events } = first?.evidence ?? {};
  assert.deepEqual(place, { stack: 'test-1', checkpoint: 'abc', machines: [], bytes: 1, ownStack: true });
  assert.deepEqual(events, [{ at: '', type: 'notice' }]);
  assert.deepEqual(machines[0], {
    ...{ name: 'web', status: 'running', missing: [], console: 'web login: •••' },
    journal: 'the journal says •••\n',
    changes: { by: 'times', lines: ['/etc/a', '/etc/b'], more: 0 },
  });
  assert.deepEqual(machines[1]?.missing, ['journal: the machine is stopped', 'changes: the machine is stopped']);
  assert.deepEqual(second?.evidence?.place, { missing: 'the place of one failure of this run is kept already' });
  assert.deepEqual(
    records.map(({ result, lab: of }) => [result, of?.name]),
    [
      ['failed', 'shop'],
      ['failed', 'shop'],
    ],
  );
  assert.equal(said.filter((one) => /^trace: .*it-breaks\.abc-\w+-\d+\.trace\.jsonl$/.test(one)).length, 2);
});

test('with full traces the machines are kept before each action that changes them, and given up when the test passes', async () => {
  const cut = (ownStack: boolean, did: string[]): Partial<LabTracing> => ({
    cut: async (_lab, { description }) => {
      did.push(description);
      return { stack: 'test-1', checkpoint: `cut-${did.length}`, machines: [], bytes: 1, ownStack };
    },
    drop: async (_lab, checkpoint) => void did.push(`drop ${checkpoint}`),
  });
  const body = async ({ actions }: TestRun) => {
    actions.perform({ kind: 'mark', title: 'begun' }, () => undefined);
    await actions.perform({ kind: 'machine', title: 'web.exec("a")', changes: true }, async () => 1);
  };
  for (const ownStack of [true, false]) {
    const did: string[] = [];
    const { prepare } = lab(cut(ownStack, did));
    await run(prepare, body, { trace: 'full' });
    assert.deepEqual(did, ['before action 2: web.exec("a")', ...(ownStack ? [] : ['drop cut-1'])]);
  }
  const did: string[] = [];
  const failing = async (given: TestRun) => {
    await body(given);
    assert.fail('no');
  };
  const { traces } = await run(lab(cut(false, did)).prepare, failing, { trace: 'full', keepTraces: 1 });
  const kept = { stack: 'test-1', checkpoint: 'cut-1', machines: [], bytes: 1, ownStack: false };
  assert.deepEqual(
    traces[0]?.actions.map(({ before }) => before),
    [undefined, kept],
  );
  assert.equal(keptBytes(traces[0] as TestRecord), 2);
  assert.deepEqual(
    traces[1]?.actions.map(({ before }) => before),
    [undefined, undefined],
  );
  assert.deepEqual(did.slice(2), ['before action 2: web.exec("a")', 'drop cut-3'], 'no room for a second one');
});

test('machines that cannot be kept, or answer nothing, leave a trace that says so', async () => {
  const failing = async () => {
    throw new Error('no room');
  };
  const { prepare } = lab({ cut: failing, readConsole: failing });
  const { traces } = await run(prepare, () => assert.fail('no'));
  const { place, machines } = traces[0]?.evidence ?? {};
  assert.deepEqual(place, { missing: 'the machines could not be kept: no room' });
  assert.deepEqual(machines?.[0]?.missing, ['console: no room']);
  const unkept = await run(lab({ keep: failing }).prepare, () => assert.fail('no'));
  assert.deepEqual(unkept.traces[0]?.evidence?.place, { missing: 'its fork could not be kept: no room' });
});

test('a test that passes leaves a record alone, and one without traces none', async () => {
  const { prepare, did } = lab();
  const passed = await run(prepare, () => undefined);
  assert.deepEqual([passed.traces.length, passed.records.map(({ result }) => result)], [0, ['passed']]);
  const off = await run(prepare, () => assert.fail('no'), { trace: 'off' });
  assert.deepEqual([off.traces.length, off.records.length], [0, 2]);
  assert.deepEqual(new Set(did), new Set(['given back']));
});
