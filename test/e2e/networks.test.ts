import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openLab } from 'goqemu';
import { e2eHome, goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

/** All from one template: `db` is in one network, `web` in two and routes between them, and `edge` in the other one. */
const lab = (image: string, more = '', internet = '') => `
import { defineLab } from 'goqemu';
export default defineLab({ name: 'networks' }, (lab) => {
  const tiny = { image: ${JSON.stringify(image)}, user: 'debian', memory: '256 MiB', cpus: 1 } as const;
  const base = lab.template('base', tiny).run('base', 'touch /root/base').checkpoint('ready');
  const from = base.at.ready;
  const lan = lab.network('lan', { cidr: '10.43.0.0/24'${internet} });
  const dmz = lab.network('dmz', { cidr: '10.44.0.0/24', nat: true });
  const db = lab.vm('db', { from, networks: { lan } }).checkpoint('ready');
  const web = lab.vm('web', { from, networks: { lan, dmz } })
    .run('find', \`ping -c 1 -W 10 \${db.ip.lan} && nslookup db.lan \${lan.gateway}\`)
    .run('route', 'sysctl -w net.ipv4.ip_forward=1')
    .checkpoint('ready');
  db.run('route', \`ip route add \${dmz.cidr} via \${web.ip.lan}\`);
  ${more}
  return { web: web.ip.lan, outside: web.ip.dmz };
});
`;

interface Status {
  readonly machines: readonly {
    readonly name: string;
    readonly state: string;
    readonly pid: number;
    readonly forwards: readonly { readonly host: number }[];
  }[];
  readonly networks: readonly { readonly name: string; readonly state: string; readonly cidr: string }[];
}

const withEdge = (options = '') =>
  `lab.vm('edge', { from, networks: { dmz }${options} }).run('route', \`ip route add \${lan.cidr} via \${web.ip.dmz}\`);`;

/** A listener of this host that says hello. */
async function helloServer(address = '127.0.0.1') {
  const server = createServer((socket) => socket.on('error', () => undefined).end('hello\n')).listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** An address of this host that others reach it by; it stands for one elsewhere, which a test cannot count on. */
function outwardAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((its = []) => its);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? assert.fail('no network here');
}

/** Whether a UDP port of this host can be had. */
async function receiving(port: number): Promise<void> {
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  await once(socket, 'listening');
  socket.close();
}

/** The first that is said at a port of this host; who says it may keep the connection open. */
async function heardFrom(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString();
  } finally {
    socket.destroy();
  }
}

interface Card {
  readonly machine: string;
  readonly isConnected: boolean;
  readonly sent: { readonly frames: number };
  readonly received: { readonly dropped: Readonly<Record<string, number>> };
}

interface Refused {
  readonly machine: string;
  readonly what: string;
  readonly why: string;
}

/** Processes of the installed package that carry networks. */
function switches(): number[] {
  const isSwitch = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(
        `${dirname(dirname(realpathSync(goqemuCommand)))}/dist/run-switch`,
      );
    } catch {
      return false; // it has ended
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isSwitch(name))
    .map(Number);
}

test('machines in networks have their planned addresses, find each other, and keep their connections when they are taken back', async (t) => {
  const image = await tinyImage();
  await using folder = await LabFolder.make(lab(image));
  const inGuest = async (machine: string, script: string, ...options: string[]) =>
    (await folder.ok('exec', ...options, machine, '--', 'sudo', 'sh', '-c', script)).stdout;
  const addresses = async (machine: string) =>
    [...(await inGuest(machine, 'ip -4 addr')).matchAll(/inet (10\.4[34]\.[\d.]+\/\d+)/g)].map(([, one]) => one);

  await t.test('the plan says the addresses, and the guests have them', async () => {
    const plan = await folder.ok('plan');
    assert.match(plan.stdout, /db [\s\S]*way out: none[\s\S]*web [\s\S]*way out: nat/);
    assert.match(
      plan.stdout,
      /create +network lan[\s\S]*cidr: 10\.43\.0\.0\/24[\s\S]*networks\.dmz: 10\.44\.0\.\d+\/24/,
    );
    const { outputs } = await folder.json<{ outputs: Record<string, string> }>('apply', '--yes');
    assert.deepEqual(await addresses('web'), [`${outputs.web}/24`, `${outputs.outside}/24`]);
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
  });

  await t.test('a machine that joins disturbs no other, and is in its networks alone', async () => {
    const before = await folder.json<Status>('status');
    await folder.write(lab(image, withEdge()));
    await folder.ok('apply', '--yes');
    const { machines, networks } = await folder.json<Status>('status');
    for (const { name, pid } of before.machines)
      assert.equal(machines.find((one) => one.name === name)?.pid, pid, name);
    assert.deepEqual(networks.map(({ name, state }) => `${name} ${state}`).sort(), ['dmz running', 'lan running']);
    assert.match(await inGuest('edge', 'ping -c 1 -W 10 web.dmz || ping -c 1 -W 10 10.44.0.10'), /1 packets received/);
    assert.match(await inGuest('edge', 'arping -c 1 -w 2 -I eth1 10.43.0.10; true'), /Received 0 (?:response|repl)/);
  });

  await t.test('machines from one template have names, identities and cards of their own', async () => {
    // The first card is behind a network of its own, and keeps the address that the template's RAM has.
    const script = 'test -f /root/base && hostname && cat /etc/machine-id && cat /sys/class/net/eth[1-9]/address';
    const said = await Promise.all(['db', 'web', 'edge'].map((machine) => inGuest(machine, script)));
    const words = said.flatMap((text) => text.trim().split('\n'));
    assert.deepEqual(
      said.map((text) => text.split('\n')[0]),
      ['db', 'web', 'edge'],
    );
    assert.equal(new Set(words).size, words.length, words.join(' '));
  });

  await t.test('a script finds the address of a machine that continues the RAM of the template', async () => {
    process.env.GOQEMU_HOME = e2eHome;
    await using open = await openLab(folder.file('lab.ts'));
    for (const name of ['db', 'web', 'edge'])
      assert.deepEqual(await open.machine(name).ip(), { address: '10.0.2.15', foundBy: 'forward', direct: false });
  });

  await t.test('a machine in two networks routes between those that are in one each', async () => {
    const own = (await addresses('edge'))[0]?.replace('/24', '') ?? assert.fail('no address');
    const there = await inGuest('db', `ping -c 1 -W 10 ${own}`);
    assert.match(there, new RegExp(`from ${own}: .*ttl=63 `), 'one router is on the way');
    const lan = (await addresses('db'))[0]?.replace('/24', '');
    assert.match(await inGuest('edge', `traceroute -n -q 1 -w 10 ${lan}`), /10\.44\.0\.[\s\S]* 10\.43\.0\./);
  });

  await t.test('a machine reaches the host only with a way out', async () => {
    await using host = await helloServer();
    const reach = `nc -w 20 10.0.2.2 ${host.port} < /dev/null 2>&1; true`;
    assert.match(await inGuest('web', reach), /hello/);
    assert.doesNotMatch(await inGuest('db', reach), /hello/);
    assert.doesNotMatch(await inGuest('db', 'ip route'), /default/, 'what is elsewhere is unreachable at once');
  });

  await t.test('ports are forwarded to a machine while it runs: by the lab, manually, by TCP and by UDP', async () => {
    const edge = async () => {
      const { machines } = await folder.json<Status>('status');
      return machines.find(({ name }) => name === 'edge') ?? assert.fail('no edge');
    };
    const { pid } = await edge();
    const serve = 'while :; do echo hello | nc -l -p 7001; done';
    await inGuest('edge', `(setsid sh -c '${serve}' < /dev/null > /dev/null 2>&1 &)`);
    await folder.write(lab(image, withEdge(', forward: { hello: 7001 }')));
    await folder.ok('apply', '--yes');
    await folder.ok('forward', 'edge', 'udp:0:7002');
    const { forwards, pid: after } = await edge();
    assert.equal(after, pid);
    const [tcp, udp] = [forwards[0] ?? assert.fail(), forwards[1] ?? assert.fail()];
    assert.equal(await heardFrom(tcp.host), 'hello\n');
    await assert.rejects(receiving(udp.host), { code: 'EADDRINUSE' }, 'QEMU has the UDP port');
    await folder.ok('forward', 'edge', '--remove', `udp:${udp.host}`);
    await receiving(udp.host);
    await folder.write(lab(image, withEdge()));
    await folder.ok('apply', '--yes');
    await assert.rejects(heardFrom(tcp.host), { code: 'ECONNREFUSED' });
  });

  await t.test(
    'a machine reaches the places that its network allows, and is refused others; the list changes live',
    async () => {
      const own = outwardAddress();
      await using host = await helloServer(own);
      const before = await folder.json<Status>('status');
      const withList = (...allow: string[]) =>
        folder.write(lab(image, withEdge(), `, internet: { allow: ${JSON.stringify(allow)} }`));
      const reach = () => inGuest('db', `nc -w 20 ${own} ${host.port} < /dev/null 2>&1; true`);
      const resolve = (name: string) => inGuest('db', `nslookup -type=a ${name} 10.43.0.1 2>&1; true`);
      await withList('198.51.100.7');
      await folder.ok('apply', '--yes');
      assert.match(await inGuest('db', 'ip route'), /^default via 10\.43\.0\.1 dev eth1/m);
      assert.match(await reach(), /Connection refused/);
      assert.match(await resolve('deb.debian.org'), /REFUSED/);
      await withList(`${own}:${host.port}`, '*.goqemu.invalid');
      const plan = await folder.ok('plan');
      assert.match(plan.stdout, /update +network lan[\s\S]*allow 1 name, 1 address/);
      await folder.ok('apply', '--yes');
      assert.match(await reach(), /hello/);
      assert.doesNotMatch(
        await resolve('mirror.goqemu.invalid'),
        /REFUSED/,
        'the host is asked, which does not know it',
      );
      assert.match(await resolve('web.lan'), /10\.43\.0\./);
      const { networks } = await folder.json<{ networks: { refused: Refused[] }[] }>('network', 'list', 'lan');
      assert.deepEqual(networks[0]?.refused.map(({ machine, what, why }) => `${machine} ${what}: ${why}`).sort(), [
        `db deb.debian.org: not in the list`,
        `db tcp ${own}:${host.port}: not in the list`,
      ]);
      const { machines } = await folder.json<Status>('status');
      for (const { name, pid } of before.machines)
        assert.equal(machines.find((one) => one.name === name)?.pid, pid, name);
    },
  );

  await t.test(
    'a partition from the command line is seen in the guests and heals; a capture shows the ping',
    async () => {
      const db = (await addresses('db'))[0]?.replace('/24', '');
      const ping = () => inGuest('web', `ping -c 2 -W 2 ${db}; true`);
      await folder.ok('network', 'partition', 'lan', 'db');
      assert.match(await ping(), / 0 packets received/);
      await folder.ok('network', 'heal');
      const file = folder.file('lan.pcapng');
      const [, capture] = await Promise.all([
        sleep(1_000).then(ping),
        folder.run(['capture', 'lan', 'lan.pcapng', '--duration', '15 s']),
      ]);
      assert.equal(capture.code, 0, capture.stderr);
      const fields = ['-T', 'fields', '-e', 'frame.interface_name', '-e', 'ip.dst', '-e', '_ws.col.Info'];
      const { stdout } = await promisify(execFile)('tshark', ['-r', file, '-Y', 'icmp', ...fields]);
      assert.match(stdout, new RegExp(`^web:lan\\S*\\t${db}\\tEcho \\(ping\\) request`, 'm'));
      assert.match(stdout, /^db:lan\S*\t[\d.]+\tEcho \(ping\) reply/m);
      const { networks } = await folder.json<{ networks: { name: string; cards: Card[] }[] }>('network', 'list', 'lan');
      const cardOf = (name: string) => networks[0]?.cards.find(({ machine }) => machine === name);
      assert.ok(cardOf('web')?.isConnected && (cardOf('web')?.sent.frames ?? 0) > 2);
      assert.ok((cardOf('db')?.received.dropped.partition ?? 0) >= 1);
    },
  );

  await t.test(
    'a switch that was killed is shown, and comes back with the next apply; no machine notices',
    async () => {
      const [pid] = switches();
      process.kill(pid ?? assert.fail('no switch'), 'SIGKILL');
      const { networks } = await folder.json<Status>('status');
      assert.ok(networks.every(({ state }) => state !== 'running'));
      await folder.ok('apply', '--yes');
      assert.equal(switches().length, 1);
      const db = (await addresses('db'))[0]?.replace('/24', '');
      assert.match(await inGuest('web', `ping -c 1 -W 10 ${db}`), /1 packets received/);
    },
  );

  await t.test('the switch ends with the last machine that is suspended, and is back before they resume', async () => {
    await folder.ok('suspend', '--yes');
    assert.deepEqual(switches(), []);
    assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
    await folder.ok('resume');
    assert.equal(switches().length, 1);
    const own = (await addresses('edge'))[0]?.replace('/24', '');
    assert.match(await inGuest('db', `ping -c 1 -W 10 ${own}`), /ttl=63 /);
  });

  await t.test('a connection between two guests continues after the lab is taken back', async () => {
    await inGuest(
      'db',
      '(setsid sh -c "sleep 100000 | nc -l -p 7000 > /dev/shm/heard" < /dev/null > /dev/null 2>&1 &)',
    );
    const db = (await addresses('db'))[0]?.replace('/24', '');
    const talk = `(while :; do echo tick; sleep 0.2; done) | nc ${db} 7000`;
    await inGuest('web', `(setsid sh -c "${talk}" < /dev/null > /dev/null 2>&1 &)`);
    const heard = async (...options: string[]) => Number(await inGuest('db', 'wc -l < /dev/shm/heard', ...options));
    const hears = async (lines: number, ...options: string[]) => {
      for (let tries = 0; tries < 120; tries++) if ((await heard(...options)) >= lines) return;
      assert.fail(`the guest has heard ${await heard(...options)} lines of ${lines}`);
    };
    await hears(2);
    await folder.ok('checkpoint', 'create', 'talking');
    await folder.ok('checkpoint', 'restore', 'talking');
    await hears((await heard()) + 3);
    const { forks } = await folder.json<{ forks: { name: string }[] }>('checkpoint', 'fork', 'talking', '--count', '2');
    const [one, two] = forks.map(({ name }) => ['--stack', name]);
    assert.ok(one && two);
    for (const fork of [one, two]) await hears((await heard(...fork)) + 3, ...fork);
    // The same addresses everywhere, and each reaches its own peers only: what ends in one fork ends in no other.
    await inGuest('web', 'killall nc', ...one);
    await sleep(1_000);
    const silent = await heard(...one);
    await hears((await heard(...two)) + 5, ...two);
    assert.equal(await heard(...one), silent);
    for (const fork of [one, two]) await folder.ok('destroy', ...fork, '--yes');
    await hears((await heard()) + 3);
  });
});
