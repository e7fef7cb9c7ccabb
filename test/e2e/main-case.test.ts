import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { e2eHome, LabFolder } from './lab-folder.ts';

const lab = (body = '') => `
import { defineLab } from 'goqemu';

export default defineLab({ name: 'main-case' }, (lab) => {
  const box = lab.vm('box', { memory: '1 GiB' })
    .run('greeting', 'echo hello > /root/greeting')
    .checkpoint('ready');
${body}
});
`;

interface PlanDocument {
  readonly changes: number;
  readonly operations: readonly { readonly action: string; readonly resource: string; readonly reason: string }[];
}

interface StatusDocument {
  readonly machines: readonly {
    readonly name: string;
    readonly state: string;
    readonly pid: number;
    readonly accelerator: string;
    readonly forwards: readonly { readonly guest: number; readonly host: number }[];
    readonly commands: { readonly way: string; readonly reason: string | null } | null;
  }[];
}

/** What a command finds around it, whatever way it came by; what names the way itself is left out. */
const surroundings = `id; umask; pwd; ulimit -n; cat; tty
env -u SUDO_COMMAND | grep -v '^SSH\\|^XDG_SESSION\\|^XDG_RUN\\|^MOTD\\|^DBUS' | sort`;

test('a Debian 12 is provisioned, broken, taken back to a checkpoint, and gone without a trace', async (t) => {
  await using folder = await LabFolder.make(lab());
  const labs = join(e2eHome, 'labs');

  await t.test('apply boots and provisions it', async () => {
    await folder.ok('apply', '--yes');
    const greeting = await folder.ok('exec', 'box', '--', 'sudo', 'cat', '/root/greeting');
    assert.equal(greeting.stdout, 'hello\n');
  });

  await t.test('its commands take the channel, and find what they find by SSH', async () => {
    const { machines } = await folder.json<StatusDocument>('status');
    assert.deepEqual(machines[0]?.commands, { way: 'channel', reason: null });
    for (const as of [[], ['--user', 'root'], ['--user', 'daemon', '--env', 'A=b', '--workdir', '/usr']]) {
      const args = ['exec', ...as, '--stdin', 'box', '--', 'sh', '-c', surroundings];
      const [channel, ssh] = await Promise.all(
        [{}, { GOQEMU_GUEST_WAY: 'ssh' }].map((env) => folder.run(args, { env, input: 'typed\n' })),
      );
      assert.match(channel?.stdout ?? '', /uid=.*typed/s);
      assert.deepEqual([channel?.stdout, channel?.code], [ssh?.stdout, ssh?.code], as.join(' '));
    }
    const port = await folder.ok(
      'exec',
      'box',
      '--',
      'sh',
      '-c',
      'cat /proc/$PPID/comm; ls -lL /dev/virtio-ports/*goqemu*',
    );
    assert.match(port.stdout, /^perl\ncrw------- 1 root root /);
  });

  await t.test('a datagram reaches the guest by a forwarded UDP port, and its answer comes back', async () => {
    await folder.ok('forward', 'box', 'udp:0:7002');
    const { machines } = await folder.json<StatusDocument>('status');
    const port = machines[0]?.forwards.find(({ guest }) => guest === 7002)?.host ?? assert.fail('no forward');
    const server = `$s = IO::Socket::INET->new(LocalPort => 7002, Proto => "udp") or die $!;
      $s->recv($text, 99); $s->send("$text to you"); print $text`;
    const heard = folder.ok('exec', 'box', '--', 'perl', '-MIO::Socket::INET', '-e', server);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    // Until the server is there, datagrams are lost.
    const sending = setInterval(() => socket.send('hello', port, '127.0.0.1'), 300);
    try {
      const [answer] = (await once(socket, 'message')) as [Buffer];
      assert.deepEqual([answer.toString(), (await heard).stdout], ['hello to you', 'hello']);
    } finally {
      clearInterval(sending);
      socket.close();
    }
    await folder.ok('forward', 'box', '--remove', `udp:${port}`);
  });

  await t.test(
    'a goqemu that is killed leaves nothing of its commands in the guest',
    { timeout: 300_000 },
    async () => {
      let pid = 0;
      let written: (text: string) => void = () => {};
      const parent = new Promise<string>((resolve) => {
        written = resolve;
      });
      const onSpawn = (its: number) => {
        pid = its;
      };
      const script = 'sleep 4321 & cat /proc/$PPID/comm; exec sleep 4321';
      const running = folder.run(['exec', 'box', '--', 'sh', '-c', script], { onSpawn, onOutput: written });
      // The others are started only now, because the first that comes to the port has it. They take SSH.
      assert.equal(await parent, 'perl\n');
      const sleeping = async () => Number((await folder.run(['exec', 'box', '--', 'pgrep', '-xc', 'sleep'])).stdout);
      while ((await sleeping()) < 2) await sleep(100);
      process.kill(pid, 'SIGKILL');
      assert.equal((await running).signal, 'SIGKILL');
      while ((await sleeping()) > 0) await sleep(100);
    },
  );

  await t.test(
    'where its program is gone from the guest, as after a reboot, the next command has another one',
    async () => {
      const ended = await folder.run(['exec', 'box', '--', 'sudo', 'pkill', '-x', 'perl']);
      assert.match(ended.stderr, /the channel into the guest broke/);
      assert.equal((await folder.ok('exec', 'box', '--', 'sh', '-c', 'cat /proc/$PPID/comm')).stdout, 'perl\n');
    },
  );

  await t.test('a plan after that finds nothing to do', async () => {
    const plan = await folder.json<PlanDocument>('plan');
    assert.equal(plan.changes, 0, JSON.stringify(plan.operations));
    assert.equal((await folder.run(['plan', '--detailed-exitcode'])).code, 0);
  });

  await t.test('a file that was deleted after a checkpoint is back when it is restored', async () => {
    await folder.ok('exec', 'box', '--', 'sh', '-c', 'echo precious > notes.txt');
    const program = ['exec', 'box', '--', 'sh', '-c', 'echo $PPID; cat /proc/$PPID/comm'];
    const before = (await folder.ok(...program)).stdout;
    const { id } = await folder.json<{ id: string }>('checkpoint', 'create', 'before the accident');
    await folder.ok('exec', 'box', '--', 'rm', 'notes.txt');
    assert.notEqual((await folder.run(['exec', 'box', '--', 'cat', 'notes.txt'])).code, 0);
    await folder.ok('checkpoint', 'restore', id);
    assert.equal((await folder.ok('exec', 'box', '--', 'cat', 'notes.txt')).stdout, 'precious\n');
    assert.equal((await folder.ok(...program)).stdout, before, 'the program that runs commands came back with the RAM');
    const list = await folder.json<{ checkpoints: { id: string; descriptions: string[] }[] }>('checkpoint', 'list');
    assert.ok(list.checkpoints.some((one) => one.id === id && one.descriptions.includes('before the accident')));
  });

  await t.test('a machine of another size boots from the disk of a checkpoint alone', async () => {
    await folder.write(lab(`  lab.vm('larger', { from: box.at.ready, memory: '768 MiB' });`));
    const plan = await folder.json<PlanDocument>('plan');
    assert.deepEqual([...new Set(plan.operations.map(({ resource }) => resource.split('/')[0]))], ['larger']);
    await folder.ok('apply', '--yes');
    const both = await folder.ok('exec', 'larger', '--', 'sh', '-c', 'hostname; sudo cat /root/greeting');
    assert.equal(both.stdout, 'larger\nhello\n');
  });

  await t.test('a changed step is shown and run again from there', async () => {
    await folder.write(lab().replace('echo hello', 'echo good day'));
    const plan = await folder.run(['plan', '--detailed-exitcode']);
    assert.equal(plan.code, 2);
    assert.match(plan.stdout, /greeting/);
    await folder.ok('apply', '--yes');
    assert.equal((await folder.ok('exec', 'box', '--', 'sudo', 'cat', '/root/greeting')).stdout, 'good day\n');
  });

  await t.test('destroy leaves no process, socket or disk', async () => {
    const { machines } = await folder.json<StatusDocument>('status');
    assert.equal(machines[0]?.state, 'running');
    const pid = machines[0]?.pid ?? 0;
    await folder.ok('destroy', '--yes');
    // One that has ended may wait for the host's init to take note of it.
    assert.equal(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''), '');
    const left = (await readdir(labs).catch(() => [])).filter((name) => name.startsWith('main-case-'));
    assert.deepEqual(left, []);
  });
});
