import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QemuVM } from 'goqemu';
import { e2eHome, LabFolder } from './lab-folder.ts';
import { starve } from './starved-process.ts';
import { connectionsAtMost, takenConnections } from './taken-connections.ts';
import { tinyImage } from './tiny-image.ts';

process.env.GOQEMU_HOME = e2eHome;

/** Far less than its boot takes on the wall clock, and more than it takes of a processor. */
const limit = '25 s';

test('a guest with a twentieth of a processor becomes ready: its limits count its own time', async (t) => {
  const name = 'starved';
  const timeouts = { firmware: limit, kernel: limit, sshBanner: limit, login: limit, cloudInit: limit } as const;
  const config = { image: await tinyImage(), memory: '256 MiB', cpus: 1, user: 'tiny', accelerator: 'tcg' } as const;
  await new QemuVM({ name }).delete();
  const stages: string[] = [];
  const vm = new QemuVM({
    ...config,
    name,
    network: 'user',
    timeouts,
    onProgress: (progress) => {
      if (progress.kind === 'stage' && progress.status === 'done')
        stages.push(`${progress.stage} ${Math.round((progress.durationMs ?? 0) / 1000)} s`);
    },
  });
  const over = new AbortController();
  const starving = starve(`/standalone/${name}/`, 0.05, over.signal);
  try {
    await vm.start();
    over.abort();
    const { usedMs, heldMs } = await starving;
    const share = usedMs / heldMs;
    assert.ok(share < 0.08, `it had ${Math.round(share * 100)} %`);
    assert.ok(heldMs > 25_000, 'on the wall clock its boot took longer than a stage may');
    t.diagnostic(`ready after ${Math.round(heldMs / 1000)} s and ${usedMs} ms of a processor: ${stages.join(', ')}`);
    assert.equal((await vm.sendCommand('true')).exitCode, 0);
  } finally {
    over.abort();
    await starving;
    await vm.delete();
  }
});

test('apply and exec reach a guest with a twentieth of a processor, with few connections', async (t) => {
  const timeouts = JSON.stringify({ firmware: limit, kernel: limit, sshBanner: limit, login: limit, cloudInit: limit });
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'held-back' }, (lab) => {
  const box = lab
    .vm('box', { image: ${JSON.stringify(await tinyImage())}, user: 'tiny', accelerator: 'tcg', memory: '256 MiB', cpus: 1, timeouts: ${timeouts} })
    .capture('connections', ${JSON.stringify(takenConnections)});
  return { connections: box.out.connections };
});
`);
  const over = new AbortController();
  const starving = starve('/labs/held-back-', 0.05, over.signal);
  try {
    const begun = performance.now();
    const { outputs } = await folder.json<{ outputs: { connections: string } }>('apply', '--yes');
    const [appliedMs, applied] = [performance.now() - begun, Number(outputs.connections)];
    const { stdout } = await folder.ok('exec', 'box', '--', 'sh', '-c', takenConnections);
    const [execMs, exec] = [performance.now() - begun - appliedMs, Number(stdout) - applied];
    over.abort();
    const { usedMs, heldMs } = await starving;
    const seconds = [appliedMs, execMs].map((ms) => Math.round(ms / 1000));
    t.diagnostic(`apply: ${applied} connections in ${seconds[0]} s; exec: ${exec} in ${seconds[1]} s`);
    assert.ok(usedMs / heldMs < 0.08, `it had ${Math.round((usedMs / heldMs) * 100)} %`);
    assert.ok(applied >= 1 && applied <= connectionsAtMost(appliedMs));
    assert.ok(exec >= 1 && exec <= connectionsAtMost(execMs));
  } finally {
    over.abort();
    await starving;
  }
});
