import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryTransport } from '../transports/memory-transport.ts';
import { askMonitor } from './ask-monitor.ts';

const greeting = '{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 22}}, "capabilities": []}}\r\n';
const event = '{"event": "RESUME", "timestamp": {"seconds": 1, "microseconds": 0}}\r\n';
const done = '{"return": {}}\r\n';

function asked(options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const { transport, peer } = memoryTransport();
  const answers = askMonitor(transport, ['query-uuid', 'query-status'], { timeoutMs: 60_000, ...options });
  return { peer, answers };
}

test('all questions leave in one write, and their answers come in order past greeting and events', async () => {
  const { peer, answers } = asked();
  assert.deepEqual(peer.sent, [
    '{"execute":"qmp_capabilities"}\n{"execute":"query-uuid"}\n{"execute":"query-status"}\n',
  ]);
  for (const piece of [greeting, done, event, '{"return": {"UUID"', ': "u"}}\r\n{"return": {"status": "running"}}\r\n'])
    peer.deliver(piece);
  assert.deepEqual(await answers, [{ UUID: 'u' }, { status: 'running' }]);
});

test('a refusal, an end and what is no QMP are reported by name', async () => {
  const refused = asked();
  refused.peer.deliver(`${greeting}${done}{"error": {"class": "CommandNotFound", "desc": "no query-uuid"}}\r\n`);
  await assert.rejects(refused.answers, { code: 'qmp-command-failed', command: 'query-uuid' });
  const ended = asked();
  ended.peer.deliver(greeting + done);
  ended.peer.end();
  await assert.rejects(ended.answers, { code: 'qmp-closed', subject: 'query-uuid' });
  for (const text of ['QEMU 7.2.22 monitor\n', '{"other": 1}\n', `${'x'.repeat(2 ** 20)}x`]) {
    const strange = asked();
    strange.peer.deliver(text);
    await assert.rejects(strange.answers, { code: 'qmp-garbage' });
  }
});

test('a monitor that is busy and one that does not answer are distinguished', async () => {
  await assert.rejects(asked({ timeoutMs: 1 }).answers, { code: 'qmp-no-greeting' });
  const silent = asked({ timeoutMs: 1 });
  silent.peer.deliver(greeting + done);
  await assert.rejects(silent.answers, { code: 'timeout', subject: 'query-uuid' });
});

test('the caller can give up', async () => {
  const reason = new Error('enough');
  await assert.rejects(asked({ signal: AbortSignal.abort(reason) }).answers, reason);
  const controller = new AbortController();
  const { answers } = asked({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(answers, reason);
});
