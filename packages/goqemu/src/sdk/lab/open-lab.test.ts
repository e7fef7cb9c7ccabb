import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { LabDefinition, PlanReport } from '@goqemu/lab';
import { tsImport } from 'tsx/esm/api';
import { openLab } from './open-lab.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'goqemu-open-lab-')));
process.env.GOQEMU_BACKEND = 'fake';
process.env.GOQEMU_HOME = join(folder, 'home');
after(() => {
  rmSync(folder, { recursive: true });
});

const program = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'selected' }, (lab) => {
  lab.vm('web');
  lab.vm('db');
  return { machines: 2 };
});
`;

const operationsOf = ({ operations }: PlanReport) => operations.map(({ resource, action }) => `${action} ${resource}`);

test('plan, apply and destroy take machines, parallel and lockWait as the commands do', async () => {
  writeFileSync(join(folder, 'lab.ts'), program);
  await using lab = await openLab(folder);
  const planned = async (options: Parameters<typeof lab.plan>[0]) => operationsOf(await lab.plan(options));
  assert.deepEqual(await planned({ target: ['web'] }), await planned({ exclude: ['db'] }));
  assert.ok((await planned({ target: ['web'] })).every((operation) => / web\b/.test(operation)));

  assert.deepEqual(await lab.apply({ parallel: 1, lockWait: '1 min' }), { machines: 2 });
  assert.deepEqual(await planned({}), []);
  assert.ok((await planned({ replace: ['db'] })).length > 0);
  await lab.destroy({ target: ['db'] });
  assert.deepEqual(
    (await lab.status()).machines.map(({ name, state }) => [name, state]),
    [['web', 'running']],
  );
  await lab.destroy();

  await assert.rejects(lab.apply({ target: ['wbe'] }), { code: 'machine-unknown' });
  await assert.rejects(lab.apply({ parallel: 0 }), { code: 'option-invalid', message: /apply: parallel: / });
  await assert.rejects(lab.plan({ parallel: 1 } as object), { code: 'option-invalid', message: /plan: .*"parallel"/ });
  await assert.rejects(lab.apply({ lockWait: '25 h' }), { code: 'option-invalid', message: /lockWait: .*24 h/ });
});

test('machines are stopped, started, suspended and resumed as by the commands, all or some of them', async () => {
  writeFileSync(join(folder, 'lab.ts'), program);
  await using lab = await openLab(folder);
  await lab.apply();
  const states = async () =>
    Object.fromEntries((await lab.status()).machines.map(({ name, state }) => [name, state] as const));
  await lab.stop({ machines: ['web'], parallel: 1 });
  assert.deepEqual(await states(), { db: 'running', web: 'stopped' });
  assert.deepEqual(operationsOf(await lab.plan()), []);
  assert.deepEqual(operationsOf(await lab.plan({ start: true })), ['start web']);
  await lab.machine('web').start();
  await lab.suspend();
  assert.deepEqual(await states(), { db: 'suspended', web: 'suspended' });
  await lab.machine('db').resume({ lockWait: '1 min' });
  await assert.rejects(lab.machine('db').exec('true'), { code: 'fake-machine' }, 'it runs, and a fake has no guest');
  await assert.rejects(lab.machine('web').exec('true'), { code: 'machine-not-running', hint: /goqemu resume web/ });
  await lab.apply({ start: true });
  await lab.restart();
  await lab.machine('web').stop();
  await assert.rejects(lab.machine('web').suspend(), { code: 'power-refused', message: /^web is stopped/ });
  await assert.rejects(lab.stop({ machines: ['wbe'] }), { code: 'machine-unknown' });
  await assert.rejects(lab.stop({ target: ['web'] } as object), {
    code: 'option-invalid',
    message: /power: .*"target"/,
  });
  await lab.destroy();
});

test('checkpoints, restores and forks wait for the lock of the lab, where they are asked to', async () => {
  writeFileSync(join(folder, 'lab.ts'), program);
  await using lab = await openLab(folder);
  await lab.apply();
  const lockWait = '1 min';
  await lab.checkpoint('ready');
  const atOnce = (options: { readonly lockWait?: '1 min' }) => [
    lab.checkpoint('again', options),
    lab.restore('ready', options),
    lab.fork('ready', { ...options, name: 'one' }).then((fork) => fork[Symbol.asyncDispose]()),
  ];
  const refused = await Promise.allSettled(atOnce({}));
  assert.equal(refused.filter((one) => one.status === 'rejected' && one.reason.code === 'locked').length, 2);
  await Promise.all(atOnce({ lockWait }));
  await assert.rejects(lab.restore('ready', { lockWait: '25 h' }), {
    code: 'option-invalid',
    message: /restore: lockWait: /,
  });
  await lab.destroy();
});

test('what goes wrong in a network is set and ended while it runs, and its frames are written to a file', async () => {
  const inner = join(folder, 'wired');
  mkdirSync(inner);
  writeFileSync(
    join(inner, 'lab.ts'),
    `import { defineLab } from 'goqemu';
export default defineLab({ name: 'wired' }, (lab) => {
  const lan = lab.network('lan', { faults: { latency: 5 } });
  for (const name of ['web', 'db']) lab.vm(name, { networks: { lan } });
});
`,
  );
  await using lab = await openLab(inner);
  const lan = lab.network('lan');
  await assert.rejects(lan.report(), { code: 'network-unknown' });
  await lab.apply();
  const faults = async () => (await lan.report()).faults;
  await lan.partition(['web'], ['db']);
  await lan.unplug('web');
  assert.deepEqual(await faults(), {
    latency: 5,
    partition: [['web'], ['db']],
    machines: { web: { cable: false } },
  });
  await lan.plug('web');
  await lan.partition();
  assert.deepEqual(await faults(), { latency: 5 });
  await lan.setFaults({});
  assert.deepEqual([await faults(), (await lan.report()).manual], [{}, true]);
  await lan.heal();
  assert.deepEqual([await faults(), (await lan.report()).manual], [{ latency: 5 }, false]);
  await assert.rejects(lan.unplug('wbe'), { code: 'faults-invalid', hint: /did you mean "web"/ });
  await assert.rejects(lab.network('lam').heal(), { code: 'network-unknown', hint: /did you mean "lan"/ });
  const file = join(inner, 'lan.pcapng');
  {
    await using capture = await lan.capture(file);
    assert.equal(capture.file, file);
    await assert.rejects(lan.capture(file), { code: 'capture-failed', message: /there already/ });
  }
  assert.ok(existsSync(file));
  await lab.destroy();
});

test('a definition is opened as it is: its parameters, its outputs, its secrets; its state lies beside its file', async () => {
  const questions: string[] = [];
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  writeFileSync(
    join(inner, 'script.mts'),
    `import { defineLab, secret, sh, z } from ${JSON.stringify(new URL('../../../../lab/src/index.ts', import.meta.url).href)};
export default defineLab({ name: 'value', params: z.object({ workers: z.int().default(1) }) }, (lab, params) => {
  const web = lab.vm('web').run('join', sh\`join \${secret('token', { prompt: 'Token' })}\`);
  for (let n = 1; n <= params.workers; n++) lab.vm(\`worker-\${n}\`);
  return { workers: params.workers, port: web.sshPort };
});
`,
  );
  const { default: definition } = (await tsImport(pathToFileURL(join(inner, 'script.mts')).href, import.meta.url)) as {
    readonly default: LabDefinition;
  };
  await using lab = await openLab(definition, {
    parameters: { workers: 2 },
    promptSecret: async (question) => {
      questions.push(question);
      return 'secret';
    },
  });
  const { workers, port } = await lab.apply();
  assert.deepEqual([workers, typeof port, questions], [2, 'number', ['Token']]);
  assert.deepEqual(
    (await lab.status()).machines.map(({ name }) => name),
    ['web', 'worker-1', 'worker-2'],
  );

  assert.ok(existsSync(join(inner, '.goqemu', 'value')));
  await using again = await openLab(definition, { parameters: { workers: 2 } });
  assert.equal((await again.plan()).changes, 0);
  await again.destroy();
});
