import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';

const program = defineLab({ name: 'web' }, (lab) => {
  lab.vm('web').run('kernel', 'echo 1').reboot('restart', { timeout: '2 min' }).run('modules', 'echo 2');
});

test('a reboot is a step with a layer of its own, and the next step runs after it', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const { plan } = await bench.apply(program);
  const planned = plan.operations.find(({ step }) => step === 'restart');
  assert.equal(planned?.action, 'run');
  const disk = bench.host.machine('web')?.disk.map((entry) => /"kind":"(\w+)"/.exec(entry)?.[1]);
  assert.deepEqual(disk, [undefined, 'run', 'reboot', 'run']);
  assert.equal(bench.host.layers.size, 4);
  assert.deepEqual((await bench.plan(program)).operations, []);
});

test('another time-out of a reboot changes nothing; two reboots are two steps', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const rebooting = (timeout: '2 min' | '3 min') =>
    defineLab({ name: 'web' }, (lab) => void lab.vm('web').reboot('one', { timeout }).reboot('two'));
  await bench.apply(rebooting('2 min'));
  assert.equal(bench.host.layers.size, 3);
  assert.deepEqual((await bench.plan(rebooting('3 min'))).operations, []);
});

test('an apply that dies while a guest reboots is settled by the next: the machine goes back, and reboots', async () => {
  const kill = new AbortController();
  const bench = new LabBench({
    labFile: import.meta.filename,
    fault: async ({ subject }, moment) => {
      if (subject !== 'web/restart' || moment !== 'middle' || kill.signal.aborted) return;
      kill.abort(new Error('killed'));
      await new Promise(() => undefined);
    },
  });
  const { result } = await bench.tryApply(program, { interrupt: kill.signal, kill: kill.signal });
  assert.deepEqual(result.inDoubt, ['web/restart']);
  const { plan } = await bench.apply(program);
  assert.deepEqual(
    plan.operations.map((operation) => `${operation.action} ${subjectOf(operation)}`),
    ['restore web', 'run web/restart', 'run web/modules'],
  );
  assert.equal(bench.host.machine('web')?.disk.length, 4);
  assert.deepEqual((await bench.plan(program)).operations, []);
});
