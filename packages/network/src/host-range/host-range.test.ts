import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type HostPlatform, hostPlatform } from '@goqemu/core';
import { bridgeWay } from './bridge.ts';
import { chooseHostNetwork } from './choose-host-network.ts';
import { defaultRouteInterface } from './default-route.ts';
import { passtWay } from './passt-way.ts';
import { vmnetWay } from './vmnet.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-range-'));
});
after(() => rm(folder, { recursive: true }));

const file = async (name: string, content: string, mode = 0o644) => {
  const path = join(folder, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
};
const closed = (way: object) => ('closed' in way ? String(way.closed) : 'open');

test('the interface of the default route is read from the table of the kernel', async () => {
  const table = await file(
    'route',
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n' +
      'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\n' +
      'eth7\t00000000\t0100000A\t0002\t0\t0\t0\t00000000\t0\n' +
      'br0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\n',
  );
  assert.equal(await defaultRouteInterface(table), 'br0');
  assert.equal(await defaultRouteInterface(join(folder, 'none')), undefined);
});

test('a bridge is a way when the default route goes over it, the helper is set-uid root and the list allows it', async () => {
  const helper = await file('helper', '', 0o755);
  const allow = await file('allow.conf', '# comment\nallow br0\n');
  const deny = await file('deny.conf', 'allow all\ndeny br0\n');
  const ask = (more: object, uid = 0) =>
    bridgeWay({
      platform: { uid },
      netdevs: ['bridge'],
      host: { helpers: [helper], lists: [allow], defaultRoute: 'br0', isBridge: true, ...more },
    });
  const open = await ask({});
  assert.deepEqual('network' in open && open.network, { kind: 'bridge', bridge: 'br0', helper });
  assert.match(closed(await ask({ isBridge: false })), /does not go over a bridge/);
  assert.match(closed(await ask({ defaultRoute: undefined })), /does not go over a bridge/);
  assert.match(closed(await ask({}, 1000)), /not installed set-uid root/);
  assert.match(closed(await ask({ lists: [deny] })), /no "allow br0" stands in \/etc\/qemu\/bridge.conf/);
  assert.match(closed(await ask({ lists: [] })), /no "allow br0"/);
  const without = await bridgeWay({ platform: { uid: 0 }, netdevs: ['user'] });
  assert.match(closed(without), /built without the bridge network/);
});

test('vmnet is a way for root on a Mac with a default route', async () => {
  const facts = { netdevs: ['vmnet-bridged'], defaultRoute: async () => 'en0' };
  const open = await vmnetWay({ platform: { uid: 0 }, ...facts });
  assert.deepEqual('network' in open && open.network, { kind: 'vmnet', interface: 'en0' });
  assert.match(closed(await vmnetWay({ platform: { uid: 501 }, ...facts })), /root only/);
  assert.match(closed(await vmnetWay({ platform: { uid: 0 }, ...facts, netdevs: ['user'] })), /QEMU 7.1/);
  const offline = { ...facts, defaultRoute: async () => undefined };
  assert.match(closed(await vmnetWay({ platform: { uid: 0 }, ...offline })), /no default route/);
});

const options = (platform: Partial<HostPlatform>) => ({
  platform: { ...hostPlatform(), ...platform },
  netdevs: ['user'],
  trialFolder: folder,
});

test('auto falls back to user mode with every reason, host is refused with them, user asks nothing', async () => {
  const fallback = await chooseHostNetwork('auto', options({ system: 'linux', env: { PATH: folder } }));
  assert.equal(fallback.network.kind, 'user');
  assert.match(fallback.reason, /bridge.*; passt is not installed/);
  await assert.rejects(chooseHostNetwork('host', options({ system: 'linux', env: { PATH: folder } })), {
    code: 'host-network-unavailable',
    detail: /passt is not installed/,
  });
  assert.match((await chooseHostNetwork('auto', options({ system: 'win32' }))).reason, /Windows/);
  assert.deepEqual(await chooseHostNetwork('user', options({ system: 'linux' })), {
    network: { kind: 'user' },
    reason: 'it was asked for',
  });
});

test('a passt that does not start is no way, and its last words are the reason', async () => {
  const passt = await file(
    'passt',
    '#!/bin/sh\necho "Failed to send 9 bytes to syslog" >&2\necho "No routable interface" >&2\nexit 1\n',
    0o755,
  );
  const way = await passtWay({
    platform: { ...hostPlatform(), env: { PATH: join(passt, '..') } },
    netdevs: ['stream'],
    trialFolder: folder,
  });
  assert.match(closed(way), /passt does not start here: No routable interface|no IPv4 default route/);
});
