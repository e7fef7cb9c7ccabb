import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { hostProcessorMeter, readMilliseconds, readPs } from './processor-use.ts';

test('this host shows what a process has used, and whether it wants more', async () => {
  const meter = hostProcessorMeter();
  const before = await meter.of(process.pid);
  const until = performance.now() + 300;
  while (performance.now() < until);
  const after = await meter.of(process.pid);
  assert.ok(before && after && after.usedMs > before.usedMs);
  assert.notEqual(after.wants, false, 'it runs while it asks');
  assert.equal(await meter.of(2 ** 30), undefined);
});

test('a process that waits wants no processor, and one that is stopped or busy wants one', async (t) => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.on("data", () => { for (;;); }); console.log("up")']);
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const meter = hostProcessorMeter();
  const wants = async () => (await meter.of(child.pid ?? 0))?.wants ?? 'unknown';
  const until = async (wanted: boolean) => {
    for (let tries = 0; tries < 1000; tries++) {
      const seen = await wants();
      if (seen === wanted || seen === 'unknown') return; // Windows does not show it
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`the process does not ${wanted ? 'want' : 'wait for'} a processor`);
  };
  await until(false);
  child.kill('SIGSTOP');
  await until(true);
  child.kill('SIGCONT');
  await until(false);
  child.stdin.write('x');
  await until(true);
});

test('what ps prints is read, on macOS and elsewhere', () => {
  assert.deepEqual(readPs('R      0:01.25\n'), { usedMs: 1250, wants: true });
  assert.deepEqual(readPs('Ss  123:00.50\n'), { usedMs: 7_380_500, wants: false });
  assert.deepEqual(readPs('T 1-02:03:04'), { usedMs: 93_784_000, wants: true });
  assert.deepEqual(readPs('U 00:00:07'), { usedMs: 7000, wants: true });
  assert.equal(readPs(''), undefined);
});

test('what PowerShell prints is read; Windows does not show what a process wants', () => {
  assert.deepEqual(readMilliseconds('1234\r\n'), { usedMs: 1234, wants: undefined });
  assert.equal(readMilliseconds('Get-Process : Cannot find a process'), undefined);
});

test('the ps of this host is read, as that of a Mac would be', async () => {
  const use = await hostProcessorMeter('darwin').of(process.pid);
  assert.ok(use && use.usedMs >= 0 && use.wants !== undefined);
});
