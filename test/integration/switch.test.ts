import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sleep } from '@goqemu/core';
import { endSwitch, findSwitch, SwitchClient, startSwitch, streamCapture } from '@goqemu/network';
import { buildSwitch } from '../../packages/network/src/switch/fixture/built-switch.ts';

const uuid = '4c1e2a52-7f0c-4d57-9d4f-3a0c8f1d2b11';
const mac = '52:54:00:00:00:01';

/** A QEMU without a disk: the network card's own firmware (iPXE) asks for an address and announces it. */
function startQemu(t: TestContext, path: string): ChildProcess {
  const netdev = JSON.stringify({ type: 'stream', id: 'n1', server: true, addr: { type: 'unix', path } });
  const machine = ['-M', 'pc', '-accel', 'tcg', '-m', '64', '-display', 'none', '-nodefaults', '-boot', 'n'];
  const child = spawn(
    'qemu-system-x86_64',
    [...machine, '-netdev', netdev, '-device', `virtio-net-pci,netdev=n1,mac=${mac}`],
    {
      stdio: 'ignore',
    },
  );
  t.after(() => endQemu(child));
  return child;
}

async function endQemu(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

test('a real card gets its planned address, and is connected again after its QEMU or the switch was killed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gqs-'));
  t.after(() => rm(folder, { recursive: true }));
  const built = await buildSwitch();
  t.after(() => built.remove());
  const place = { folder: join(folder, 's'), uuid };
  t.after(() => endSwitch(place));
  const path = join(folder, 'card');
  const configuration = {
    networks: [{ name: 'lan', cidr: '10.40.0.0/24' }],
    ports: [
      { machine: 'web', card: 'n1', network: 'lan', endpoint: { kind: 'unix' as const, path }, mac, ip: '10.40.0.11' },
    ],
  };
  const first = await startSwitch({ ...place, program: built.program });
  {
    await using client = await SwitchClient.connect({ path: first.control, uuid });
    await client.configure(configuration);
  }
  const capture = await streamCapture({ path: first.control, uuid }, { machine: 'web' });
  const qemu = startQemu(t, path);
  // iPXE announces the address that it was given (RFC 5227 §3): sender and target are both this one.
  const announcement = Buffer.from(`${mac.replaceAll(':', '')}0a28000b0000000000000a28000b`, 'hex');
  let seen = Buffer.alloc(0);
  for await (const bytes of capture) {
    seen = Buffer.concat([seen, bytes as Buffer]);
    if (seen.includes(announcement)) break;
  }
  await endQemu(qemu);
  startQemu(t, path);
  await connects(first.control, 2);
  process.kill(first.pid, 'SIGKILL');
  while (await findSwitch(place.folder, uuid)) await sleep(10);
  const second = await startSwitch({ ...place, program: built.program });
  await connects(second.control, 1);
});

/** Settles when the card was connected so often. */
async function connects(control: string, times: number): Promise<void> {
  await using client = await SwitchClient.connect({ path: control, uuid });
  for (;;) {
    const counters = (await client.counters())['web:n1'];
    assert.ok(counters, 'the switch lost its port');
    if (counters.connects === times) return;
    await sleep(20);
  }
}
