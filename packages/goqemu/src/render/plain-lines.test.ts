import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { EngineEvent, OperationHeader } from '@goqemu/lab';
import { plainLines } from './plain-lines.ts';
import { screenOn } from './screen.ts';
import { plainStyle } from './style.ts';

const run: OperationHeader = {
  id: 'op1',
  action: 'run',
  resource: { kind: 'machine', name: 'web' },
  step: 'nginx',
  reason: 'new step',
  dependsOn: [],
};
type Bare = EngineEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;

async function lines(events: readonly Bare[], change: { verbose?: boolean; quiet?: boolean } = {}): Promise<string[]> {
  const stream = new PassThrough();
  const sink = plainLines({
    screen: screenOn(stream),
    style: plainStyle,
    workingFolder: '/',
    verbose: false,
    quiet: false,
    ...change,
  });
  for (const event of events) sink.handle({ at: '2026-01-01T00:00:00Z', ...event } as EngineEvent);
  return (await text(stream.end())).split('\n').slice(0, -1);
}

test('an operation is reported when it begins and when it has ended', async () => {
  assert.deepEqual(
    await lines([
      { type: 'operation-started', operation: run },
      {
        type: 'operation-progress',
        id: 'op1',
        progress: { kind: 'stage', stage: 'ssh-banner', status: 'done', durationMs: 12_000 },
      },
      { type: 'operation-done', id: 'op1', durationMs: 3_200 },
    ]),
    ['web/nginx  ▸ run: new step', 'web/nginx  SSH banner (12 s)', 'web/nginx  ✔ ran in 3.2 s'],
  );
});

test('output of steps is shown with --verbose only, in whole lines and without control characters', async () => {
  const output = (text: string) =>
    ({ type: 'operation-progress', id: 'op1', progress: { kind: 'output', stream: 'stdout', text } }) as const;
  const events: Bare[] = [
    { type: 'operation-started', operation: run },
    output('Reading pack'),
    output('age lists\nDone\u001b[2J'),
    { type: 'operation-done', id: 'op1', durationMs: 10 },
  ];
  assert.deepEqual((await lines(events, { verbose: true })).slice(1, 3), [
    'web/nginx  | Reading package lists',
    'web/nginx  | Done',
  ]);
  assert.equal((await lines(events)).length, 2);
});

test('a failure says what, why and what next, even with --quiet', async () => {
  const error = {
    code: 'step-failed',
    source: 'user',
    message: 'web/nginx: exit code 100',
    detail: 'E: Unable to locate package ngnix',
    hint: 'correct the step',
  } as const;
  assert.deepEqual(
    await lines(
      [
        { type: 'operation-started', operation: run },
        { type: 'operation-failed', id: 'op1', error },
      ],
      { quiet: true },
    ),
    [
      'error: web/nginx: exit code 100 [step-failed]',
      '  E: Unable to locate package ngnix',
      '  next: correct the step',
    ],
  );
});
