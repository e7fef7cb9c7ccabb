import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labOf, TestLab } from '../../shell/fixture/test-lab.ts';

test('status --json has each state that a machine can be in', async () => {
  using lab = new TestLab(labOf('web', ['a', 'b', 'c', 'd', 'e', 'f']));
  await lab.run(['apply', '--yes']);
  await lab.run(['stop', 'b']);
  await lab.run(['suspend', 'c']);
  Object.assign(lab.host.machine('d') ?? assert.fail('d is gone'), { status: 'paused' });
  lab.host.crash('e');
  for (const [id] of lab.host.machines) if (id.endsWith('/f')) lab.host.machines.delete(id);
  const [interrupt, kill] = [new AbortController(), new AbortController()];
  lab.settings = {
    fault: async ({ verb }, moment) => {
      if (verb !== 'runStep' || moment !== 'middle') return;
      for (const signal of [interrupt, kill]) signal.abort(new Error('Ctrl-C'));
      await new Promise(() => undefined); // a step that never ends
    },
  };
  lab.write(labOf('web', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'echo new')); // no layer has that yet
  await lab.run(['apply', '--yes', '--target', 'g'], { interrupt: interrupt.signal, kill: kill.signal });
  lab.settings = {};
  const { code, stdout } = await lab.run(['status', '--json']);
  assert.equal(code, 0);
  const { machines } = JSON.parse(stdout) as { machines: { name: string; state: string; reason?: string }[] };
  assert.deepEqual(
    machines.map(({ name, state }) => `${name} ${state}`),
    ['a running', 'b stopped', 'c suspended', 'd paused', 'e crashed', 'f absent', 'g incomplete'],
  );
  const table = await lab.run(['status']);
  for (const { name, state } of machines) assert.match(table.stdout, new RegExp(`^${name} +${state}`, 'm'));
});
