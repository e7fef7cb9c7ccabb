import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import type { MachineConfigInput } from '../configuration/machine-config.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { loggingFrames, untilHeard } from '../fixture/frame-log.ts';
import { qemuInNamespace } from '../fixture/network-namespace.ts';
import { temporaryFolder, testMachine } from '../fixture/test-machine.ts';
import { freePort, testServer } from '../fixture/test-server.ts';

type Network = NonNullable<MachineConfigInput['networks']>[number];

const macs = ['52:54:00:00:00:0a', '52:54:00:00:00:0b'] as const;

/**
 * Two machines on one network: the firmware of each asks for a DHCP server, since it boots from its card, and each
 * receives from the other.
 */
async function hearEachOther(
  t: TestContext,
  networks: readonly [Network, Network],
  installation?: QemuInstallation,
): Promise<void> {
  const folder = await temporaryFolder(t);
  for (const [index, network] of networks.entries()) {
    const config: MachineConfigInput = {
      networks: [{ ...network, mac: macs[index] ?? '' }],
      boot: { order: ['network'] },
      extraArguments: loggingFrames(join(folder, String(index))),
    };
    await testMachine(t, config, installation ? { installation } : {});
  }
  await Promise.all([untilHeard(join(folder, '0'), macs[1]), untilHeard(join(folder, '1'), macs[0])]);
}

test('frames pass between two machines on a stream: a Unix socket', async (t) => {
  const address = { path: join(await temporaryFolder(t), 'fra,mes') };
  await hearEachOther(t, [
    { kind: 'stream', server: true, address },
    { kind: 'stream', address },
  ]);
});

test('frames pass between two machines on a stream: a port of loopback', async (t) => {
  const address = { host: '127.0.0.1', port: await freePort() };
  await hearEachOther(t, [
    { kind: 'stream', server: true, address },
    { kind: 'stream', address },
  ]);
});

test('frames pass between two machines on datagrams', async (t) => {
  const folder = await temporaryFolder(t);
  const [one, other] = [{ path: join(folder, 'one') }, { path: join(folder, 'other') }];
  await hearEachOther(t, [
    { kind: 'dgram', local: one, remote: other },
    { kind: 'dgram', local: other, remote: one },
  ]);
});

test('frames pass between two machines on the older socket network', async (t) => {
  const port = await freePort();
  await hearEachOther(t, [
    { kind: 'socket', mode: 'listen', port },
    { kind: 'socket', mode: 'connect', port },
  ]);
});

test('frames pass between two machines on a switch of VDE', async (t) => {
  const path = join(await temporaryFolder(t), 'switch');
  await testServer(t, 'vde_switch', { argv: ['--sock', path], at: { path: join(path, 'ctl') } });
  await hearEachOther(t, [
    { kind: 'vde', path },
    { kind: 'vde', path },
  ]);
});

test('frames pass between a machine on a tap and one on the bridge that the tap is a port of', async (t) => {
  const installation = await qemuInNamespace(
    t,
    `mount -t tmpfs none /etc/qemu
    echo 'allow br0' > /etc/qemu/bridge.conf
    ip link add br0 type bridge
    ip link set br0 up
    ip tuntap add tap0 mode tap
    ip link set tap0 master br0 up`,
  );
  await hearEachOther(
    t,
    [
      { kind: 'tap', interface: 'tap0' },
      { kind: 'bridge', bridge: 'br0' },
    ],
    installation,
  );
});

test('a bridge that the helper may not use, or that is not there, is reported', async (t) => {
  const installation = await qemuInNamespace(
    t,
    `mount -t tmpfs none /etc/qemu
    printf 'deny br0\\nallow br1\\n' > /etc/qemu/bridge.conf
    ip link add br0 type bridge`,
  );
  for (const [bridge, words] of [
    ['br0', /access denied by acl file/],
    ['br1', /No such device/],
  ] as const) {
    await assert.rejects(
      testMachine(t, { networks: [{ kind: 'bridge', bridge }] }, { installation }),
      (error) => hasErrorCode(error, 'network-unavailable') && words.test(error.detail ?? ''),
    );
  }
});
