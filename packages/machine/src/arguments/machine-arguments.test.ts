import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostPlatform, hasErrorCode } from '@goqemu/core';
import { type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { otherPlatform, testQemu } from '../fixture/test-machine.ts';
import { unixSockets } from '../sockets/machine-sockets.ts';
import { machineArguments } from './machine-arguments.ts';
import { optionText } from './option-text.ts';

const uuid = '11111111-2222-4333-8444-555555555555';

async function argvOf(
  input: MachineConfigInput,
  platform: HostPlatform = otherPlatform('linux'),
  change: (installation: QemuInstallation) => QemuInstallation = (same) => same,
): Promise<string[]> {
  const config = parseMachineConfig({ uuid, name: 'web', ...input });
  const accelerator = config.accelerator === 'auto' ? 'tcg' : config.accelerator;
  const runtimeFolder = '/run/m';
  const sockets = unixSockets(
    runtimeFolder,
    { agent: config.guestAgent, standby: config.standbyPort, console: true },
    platform,
  );
  return machineArguments({ ...config, accelerator, runtimeFolder, sockets }, change(await testQemu()), platform);
}

/** The values of one option, JSON read. */
function valuesOf(argv: string[], option: string): unknown[] {
  return argv.flatMap((word, index) => {
    if (word !== `-${option}`) return [];
    const value = argv[index + 1] ?? '';
    return [value.startsWith('{') ? JSON.parse(value) : value];
  });
}

function deviceOf(argv: string[], id: string): Record<string, unknown> | undefined {
  return (valuesOf(argv, 'device') as Record<string, unknown>[]).find((item) => item.id === id);
}

test('a machine has as many processors as its type takes, and virt the interrupt controller for more than 8', async () => {
  const types =
    (...machines: { name: string; maximumCpus: number }[]) =>
    (found: QemuInstallation) => ({
      ...found,
      features: { ...found.features, machines: machines.map((machine) => ({ ...machine, isDefault: false })) },
    });
  const q35 = types({ name: 'pc-q35-7.2', maximumCpus: 288 });
  const virt = types({ name: 'virt-7.2', maximumCpus: 512 });
  const machine = (cpus: number, machineType: string, change: typeof q35) =>
    argvOf({ cpus, machineType }, undefined, change).then((argv) => String(valuesOf(argv, 'machine')[0]));
  assert.match(await machine(255, 'pc-q35-7.2', q35), /^pc-q35-7.2,/);
  await assert.rejects(machine(256, 'pc-q35-7.2', q35), {
    code: 'machine-config-invalid',
    message: 'cpus: expected at most 255 for a machine of type pc-q35-7.2, got 256',
  });
  assert.doesNotMatch(await machine(8, 'virt-7.2', virt), /gic/);
  assert.match(await machine(9, 'virt-7.2', virt), /,gic-version=3$/);
  await assert.rejects(machine(513, 'virt-7.2', virt), /expected at most 512 .* virt-7.2, got 513/);
});

test('the baseline: no configuration of others, a versioned machine, shareable memory, three monitors, the sandbox', async () => {
  const argv = await argvOf({ memory: '1 GiB', cpus: 2 });
  assert.ok(argv.includes('-no-user-config') && argv.includes('-nodefaults'));
  assert.match(String(valuesOf(argv, 'machine')[0]), /^pc-q35-\d+\.\d+,memory-backend=ram,sata=off$/);
  assert.deepEqual(valuesOf(argv, 'object')[0], {
    id: 'ram',
    size: 2 ** 30,
    'qom-type': 'memory-backend-memfd',
    share: true,
    seal: false,
  });
  assert.deepEqual(valuesOf(argv, 'mon'), [
    'chardev=control,mode=control',
    'chardev=readers,mode=control',
    'chardev=tools,mode=control',
  ]);
  assert.match(String(valuesOf(argv, 'sandbox')[0]), /^on,.*spawn=deny/);
  assert.deepEqual(valuesOf(argv, 'accel'), ['tcg']);
  assert.deepEqual(valuesOf(argv, 'cpu'), ['max']);
  assert.deepEqual(valuesOf(argv, 'smp'), ['cpus=2']);
});

test('the same configuration gives the same arguments', async () => {
  const input: MachineConfigInput = { drives: [{ source: 'a' }], networks: [{ kind: 'user' }], guestAgent: true };
  assert.deepEqual(await argvOf(input), await argvOf(input));
});

test('a disk has nodes and a device that can be foretold', async () => {
  const argv = await argvOf({
    drives: [{ source: '/d/a.qcow2' }, { id: 'data', source: '/d/b', format: 'raw', readOnly: true }],
  });
  const nodes = valuesOf(argv, 'blockdev') as Record<string, unknown>[];
  assert.deepEqual(
    nodes.map((node) => [node['node-name'], node.driver]),
    [
      ['disk0-file', 'file'],
      ['disk0', 'qcow2'],
      ['data-file', 'file'],
      ['data', 'raw'],
    ],
  );
  assert.equal(nodes[3]?.['read-only'], true);
  assert.equal(deviceOf(argv, 'disk0')?.drive, 'disk0');
  assert.equal(deviceOf(argv, 'data')?.drive, 'data');
});

test('one device more moves no other device', async () => {
  const few = await argvOf({ drives: [{ source: 'a' }], networks: [{ kind: 'user' }] });
  const many = await argvOf({
    drives: [{ source: 'a' }, { source: 'b' }],
    networks: [{ kind: 'user' }, { kind: 'user' }],
    guestAgent: true,
    balloon: true,
    hotplugPorts: 2,
    usb: {},
  });
  for (const id of ['disk0', 'net0', 'rng0']) assert.equal(deviceOf(many, id)?.addr, deviceOf(few, id)?.addr);
});

test('caches become the flags of the block layer', async () => {
  const flags = async (cache: 'writeback' | 'none' | 'writethrough' | 'directsync' | 'unsafe') => {
    const argv = await argvOf({ drives: [{ source: 'a', cache }] });
    const node = (valuesOf(argv, 'blockdev') as { cache: Record<string, boolean> }[])[1];
    return [node?.cache.direct, node?.cache['no-flush'], deviceOf(argv, 'disk0')?.['write-cache']];
  };
  assert.deepEqual(await flags('writeback'), [false, false, 'on']);
  assert.deepEqual(await flags('none'), [true, false, 'on']);
  assert.deepEqual(await flags('writethrough'), [false, false, 'off']);
  assert.deepEqual(await flags('directsync'), [true, false, 'off']);
  assert.deepEqual(await flags('unsafe'), [false, true, 'on']);
});

test('disks on NBD, iSCSI and RBD name their secrets and hold none', async () => {
  const argv = await argvOf({
    secrets: [{ id: 'key', path: '/k' }],
    drives: [
      { source: { kind: 'nbd', server: { path: '/s,ock' }, export: 'x' }, format: 'raw' },
      { source: { kind: 'iscsi', portal: 'h:3260', target: 'iqn.x', user: 'u', passwordSecret: 'key' }, format: 'raw' },
      { source: { kind: 'rbd', pool: 'p', image: 'i', user: 'u', keySecret: 'key' }, format: 'raw' },
    ],
  });
  const nodes = valuesOf(argv, 'blockdev') as Record<string, unknown>[];
  assert.deepEqual(nodes[0]?.server, { type: 'unix', path: '/s,ock' });
  assert.equal(nodes[2]?.['password-secret'], 'key');
  assert.equal(nodes[4]?.['key-secret'], 'key');
  assert.deepEqual(valuesOf(argv, 'object')[0], { 'qom-type': 'secret', id: 'key', file: '/k', format: 'raw' });
});

test('forwards listen on loopback unless they say otherwise', async () => {
  const argv = await argvOf({
    networks: [
      {
        kind: 'user',
        restrict: true,
        forwards: [
          { hostPort: 8080, guestPort: 80 },
          { protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 53, guestPort: 53 },
        ],
      },
    ],
  });
  assert.deepEqual(valuesOf(argv, 'netdev'), [
    {
      type: 'user',
      id: 'net0-host',
      restrict: true,
      hostfwd: [{ str: 'tcp:127.0.0.1:8080-:80' }, { str: 'udp:0.0.0.0:53-:53' }],
    },
  ]);
});

test('a QEMU before 7.2 gets its networks in the text form', async () => {
  const argv = await argvOf(
    { networks: [{ kind: 'user', hostname: 'a,b', forwards: [{ hostPort: 1, guestPort: 2 }] }] },
    otherPlatform('linux'),
    (real) => ({ ...real, features: { ...real.features, netdevJson: false } }),
  );
  assert.deepEqual(valuesOf(argv, 'netdev'), ['user,id=net0-host,hostname=a,,b,hostfwd=tcp:127.0.0.1:1-:2']);
});

test('every kind of network has its backend', async () => {
  const vmnet = ['vmnet-shared', 'vmnet-bridged'];
  const argv = await argvOf(
    {
      networks: [
        { kind: 'tap', interface: 'tap0' },
        { kind: 'bridge', bridge: 'br0' },
        { kind: 'stream', address: { path: '/n' }, server: true },
        { kind: 'dgram', local: { path: '/l' }, remote: { path: '/r' } },
        { kind: 'socket', mode: 'listen', port: 1234 },
        { kind: 'vde', path: '/v' },
        { kind: 'passt', path: '/p' },
        { kind: 'vmnet', mode: 'shared' },
        { kind: 'vmnet', mode: 'bridged', interface: 'en0' },
        { kind: 'none', model: 'e1000e' },
      ],
    },
    otherPlatform('linux'),
    (real) => ({ ...real, features: { ...real.features, netdevs: [...real.features.netdevs, ...vmnet] } }),
  );
  assert.deepEqual(valuesOf(argv, 'netdev'), [
    { type: 'tap', id: 'net0-host', ifname: 'tap0', script: 'no', downscript: 'no', vhost: false },
    { type: 'bridge', id: 'net1-host', br: 'br0' },
    { type: 'stream', id: 'net2-host', server: true, addr: { type: 'unix', path: '/n' } },
    { type: 'dgram', id: 'net3-host', local: { type: 'unix', path: '/l' }, remote: { type: 'unix', path: '/r' } },
    { type: 'socket', id: 'net4-host', listen: '127.0.0.1:1234' },
    { type: 'vde', id: 'net5-host', sock: '/v' },
    { type: 'stream', id: 'net6-host', server: false, addr: { type: 'unix', path: '/p' } },
    { type: 'vmnet-shared', id: 'net7-host' },
    { type: 'vmnet-bridged', id: 'net8-host', ifname: 'en0' },
  ]);
  assert.equal(deviceOf(argv, 'net9')?.netdev, undefined);
  assert.equal(deviceOf(argv, 'net9')?.driver, 'e1000e');
  // The bridge's setuid helper would be killed by the filter.
  assert.match(String(valuesOf(argv, 'sandbox')[0]), /elevateprivileges=allow,spawn=allow/);
});

test('two machines do not share a MAC address, and one machine keeps its own', async () => {
  const macOf = async (id: string) => deviceOf(await argvOf({ uuid: id, networks: [{ kind: 'user' }] }), 'net0')?.mac;
  assert.match(String(await macOf(uuid)), /^52:54:00:/);
  assert.equal(await macOf(uuid), await macOf(uuid));
  assert.notEqual(await macOf(uuid), await macOf('11111111-2222-4333-8444-555555555556'));
});

test('displays: VNC and SPICE by socket, by port or by handing over', async () => {
  const vnc = async (display: MachineConfigInput['display']) => valuesOf(await argvOf({ display }), 'vnc')[0];
  assert.equal(await vnc({ kind: 'vnc' }), 'none');
  assert.equal(await vnc({ kind: 'vnc', listen: { path: '/v,nc' }, password: true }), 'unix:/v,,nc,password=on');
  assert.equal(await vnc({ kind: 'vnc', listen: { port: 5901 } }), '127.0.0.1:1');
  const spice = await argvOf(
    { display: { kind: 'spice', listen: { path: '/s' } } },
    otherPlatform('linux'),
    (real) => ({
      ...real,
      features: { ...real.features, options: [...real.features.options, 'spice'] },
    }),
  );
  assert.deepEqual(valuesOf(spice, 'spice'), ['unix=on,addr=/s,disable-ticketing=on']);
  assert.ok(spice.includes('spicevmc,id=spice-agent,name=vdagent'));
  assert.deepEqual(valuesOf(await argvOf({}), 'display'), ['none']);
});

test('a graphics card comes with a display, and not without', async () => {
  assert.equal(deviceOf(await argvOf({}), 'video0'), undefined);
  assert.equal(deviceOf(await argvOf({ display: { kind: 'vnc' } }), 'video0')?.driver, 'VGA');
  assert.equal(deviceOf(await argvOf({ video: 'std' }), 'video0')?.driver, 'VGA');
});

test('memory: memfd on Linux, plain elsewhere, a file when asked', async () => {
  const memory = async (input: MachineConfigInput, system: HostPlatform['system']) =>
    (valuesOf(await argvOf(input, otherPlatform(system)), 'object') as Record<string, unknown>[]).find(
      (o) => o.id === 'ram',
    );
  assert.equal((await memory({}, 'linux'))?.['qom-type'], 'memory-backend-memfd');
  assert.equal((await memory({}, 'darwin'))?.['qom-type'], 'memory-backend-ram');
  assert.deepEqual(
    await memory({ memoryBackend: { kind: 'file', path: '/m', share: false }, memory: '64 MiB' }, 'linux'),
    {
      id: 'ram',
      size: 2 ** 26,
      'qom-type': 'memory-backend-file',
      'mem-path': '/m',
      share: false,
    },
  );
});

test('the sandbox is there on Linux alone', async () => {
  assert.deepEqual(valuesOf(await argvOf({}, otherPlatform('darwin')), 'sandbox'), []);
  assert.deepEqual(valuesOf(await argvOf({ sandbox: false }), 'sandbox'), []);
  await assert.rejects(argvOf({ sandbox: true }, otherPlatform('win32')), (error) =>
    hasErrorCode(error, 'feature-missing'),
  );
});

test('the CPU is the host’s own under hardware, and the fullest under tcg', async () => {
  assert.deepEqual(valuesOf(await argvOf({ accelerator: 'kvm' }), 'cpu'), ['host']);
  assert.deepEqual(valuesOf(await argvOf({ accelerator: 'hvf' }, otherPlatform('darwin')), 'cpu'), ['host']);
  assert.deepEqual(valuesOf(await argvOf({ accelerator: 'whpx' }, otherPlatform('win32')), 'cpu'), []);
  assert.deepEqual(valuesOf(await argvOf({ cpu: { model: 'Nehalem', features: { aes: true, avx: false } } }), 'cpu'), [
    'Nehalem,aes=on,avx=off',
  ]);
});

test('what the build does not have is refused by name', async () => {
  const without = (change: Partial<QemuInstallation['features']>) => (real: QemuInstallation) => ({
    ...real,
    features: { ...real.features, ...change },
  });
  await assert.rejects(
    argvOf({ networks: [{ kind: 'user' }] }, otherPlatform('linux'), without({ netdevs: [] })),
    (error) => hasErrorCode(error, 'feature-missing') && /network of type user/.test(error.message),
  );
  await assert.rejects(argvOf({ machineType: 'toaster' }), (error) => hasErrorCode(error, 'machine-type-unknown'));
});

test('a kernel is booted directly, and its command line is one argument', async () => {
  const argv = await argvOf({ kernel: { path: '/k,1', initrd: '/i', commandLine: 'console=ttyS0 a="b c"' } });
  assert.deepEqual(
    ['kernel', 'initrd', 'append'].map((option) => valuesOf(argv, option)[0]),
    ['/k,1', '/i', 'console=ttyS0 a="b c"'],
  );
});

test('UEFI is two flash devices, the code read-only and the variables in qcow2', async () => {
  const argv = await argvOf({ firmware: { kind: 'uefi', code: '/c,1.fd', variables: '/v.qcow2' } });
  assert.match(String(valuesOf(argv, 'machine')[0]), /,pflash0=firmware-code,pflash1=firmware-variables/);
  assert.deepEqual(valuesOf(argv, 'blockdev'), [
    {
      driver: 'raw',
      'node-name': 'firmware-code',
      'read-only': true,
      file: { driver: 'file', filename: '/c,1.fd', 'read-only': true },
    },
    {
      driver: 'qcow2',
      'node-name': 'firmware-variables',
      'read-only': false,
      file: { driver: 'file', filename: '/v.qcow2' },
    },
  ]);
  await assert.rejects(argvOf({ firmware: 'uefi' }), (error) => hasErrorCode(error, 'firmware-missing'));
});

test('a TPM is met at the socket of swtpm, or at a descriptor of its own', async () => {
  const own = valuesOf(await argvOf({ tpm: { state: '/t,pm' } }), 'chardev');
  assert.ok(own.includes('socket,id=tpm-socket,fd=3'), String(own));
  const argv = await argvOf({ tpm: { socket: '/t,pm' } });
  assert.ok(valuesOf(argv, 'chardev').includes('socket,id=tpm-socket,path=/t,,pm'));
  assert.deepEqual(valuesOf(argv, 'tpmdev'), ['emulator,id=tpm,chardev=tpm-socket']);
  assert.equal(deviceOf(argv, 'tpm0')?.driver, 'tpm-crb');
});

test('a card has a boot ROM only when something boots from it', async () => {
  assert.equal(deviceOf(await argvOf({ networks: [{ kind: 'user' }] }), 'net0')?.romfile, '');
  const bootable = await argvOf({ networks: [{ kind: 'user' }], boot: { order: ['network', 'disk'] } });
  assert.deepEqual([deviceOf(bootable, 'net0')?.romfile, deviceOf(bootable, 'net0')?.bootindex], [undefined, 1000]);
});

test('what the caller adds comes last', async () => {
  const argv = await argvOf({ extraArguments: ['-L', '/f'], incoming: 'defer', startPaused: true });
  assert.deepEqual(argv.slice(-5), ['-incoming', 'defer', '-S', '-L', '/f']);
});

test('a comma survives in every option of the text form', () => {
  assert.equal(optionText('file', { id: 'x', path: '/a,b,,c=d' }), 'file,id=x,path=/a,,b,,,,c=d');
});
