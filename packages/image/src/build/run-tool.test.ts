import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode, hostProcessTable, sleep } from '@goqemu/core';
import { runTool, toolPath } from './run-tool.ts';

test('gives the output, passes the input, and reports each line of the error output', async () => {
  const lines: string[] = [];
  const output = await runTool('sh', ['-c', 'cat; echo one >&2; echo two >&2'], {
    input: 'text',
    onLine: (line) => lines.push(line),
  });
  assert.equal(output, 'text');
  assert.deepEqual(lines, ['one', 'two']);
});

test('a tool that fails is reported with its command, its code and its last words', async () => {
  await assert.rejects(
    runTool('sh', ['-c', 'echo bad luck >&2; exit 3']),
    (error) =>
      hasErrorCode(error, 'tool-failed') && error.data.exitCode === 3 && (error.detail ?? '').endsWith('bad luck'),
  );
  await assert.rejects(runTool('no-such-tool', []), (error) => hasErrorCode(error, 'tool-failed'));
});

test('a signal ends the tool and all that it started, and its reason is the error', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  let child = 0;
  const running = runTool('sh', ['-c', 'sleep 600 & echo $! >&2; wait'], {
    signal: controller.signal,
    onLine: (line) => {
      child = Number(line);
      controller.abort(reason);
    },
  });
  await assert.rejects(running, (error) => error === reason);
  for (let wait = 0; wait < 100 && (await hostProcessTable().identify(child)); wait++) await sleep(20);
  assert.equal(await hostProcessTable().identify(child), undefined);
});

test('a tool that takes too long is ended, with a time-out by its name', async () => {
  await assert.rejects(
    runTool('sleep', ['600'], { timeoutMs: 50 }),
    (error) => hasErrorCode(error, 'timeout') && error.subject === 'sleep',
  );
});

test('the search path holds the folders for administrators, once', () => {
  assert.equal(toolPath('/opt/bin:/usr/sbin'), '/opt/bin:/usr/sbin:/usr/local/sbin:/sbin');
});
