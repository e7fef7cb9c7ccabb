import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hostPlatform, sleep } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import type { TestedGuest } from '@goqemu/test';
import { createVmHost, cutLayer, verifyLayer } from '@goqemu/vm';
import { CheckpointLab, inGuest, keyOf } from './checkpoint-lab.ts';
import { changesOnDebian, matchersOnDebian } from './matcher-cases.ts';

const run = promisify(execFile);
const home = fileURLToPath(new URL('../../.cache/e2e/home', import.meta.url));

/** Answers each connection with what it has counted to in its own memory, and is known only by its port. */
const server = `import socketserver, threading, time
count = 0
def counting():
    global count
    while True:
        count += 1; time.sleep(0.02)
threading.Thread(target=counting, daemon=True).start()
class Answer(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(str(count).encode())
socketserver.TCPServer(("127.0.0.1", 7000), Answer).serve_forever()`;
const ask = `exec 3<>/dev/tcp/127.0.0.1/7000 && cat <&3`;
const heavyWrite =
  'while :; do head -c 20000000 /dev/urandom > /srv/heavy.new && mv /srv/heavy.new /srv/heavy && sha256sum /srv/heavy > /srv/sum; done';

describe('a checkpoint of Debian', () => {
  let lab: CheckpointLab;
  const trace: string[] = [];
  const keep = (message: string) => void trace.push(message);
  let onTrace = keep;
  const onStandby = "pgrep -fc '[0]x5207' || true";

  before(async () => {
    const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: home } };
    const image = await createVmHost({ platform }).images.ensure('debian-12', { arch: 'x86_64' });
    const logger = { log: (_level: string, _scope: string, message: string) => onTrace(message) };
    lab = await CheckpointLab.open({ memory: 2 ** 30, disk: 4e9, logger });
    const machine = await lab.boot('web', { image: image.path, format: image.format, guestAgent: image.guestAgent });
    await inGuest(
      machine,
      `echo kept > /srv/file; mkdir /run/t && mount -t tmpfs t /run/t && head -c 5000000 /dev/urandom > /run/t/blob
       cp /run/t/blob /srv/blob; systemd-run -q --unit=counter python3 -c '${server}'
       until bash -c '${ask}' > /dev/null 2>&1; do sleep 0.1; done`,
    );
    await lab.cut('quiet', machine);
    await inGuest(machine, `systemd-run -q --unit=heavy sh -c '${heavyWrite}'`);
    await sleep(1_500);
    await lab.cut('busy', machine);
    await machine.close();
  });
  after(() => lab[Symbol.asyncDispose]());

  const counted = async (machine: Machine) => Number(await inGuest(machine, `bash -c '${ask}'`));

  test('brings back a file, a process that counts in memory, its listener, and a mounted tmpfs', async () => {
    const counts: number[] = [];
    const random: string[] = [];
    for (const turn of ['first', 'second']) {
      const machine = await lab.restore('quiet');
      // Nothing of what the same RAM gave before comes again.
      random.push(await inGuest(machine, 'head -c 16 /dev/urandom | od -An -tx1'));
      const seconds = Number(await inGuest(machine, 'date +%s'));
      assert.ok(Math.abs(Date.now() / 1000 - seconds) < 5, `the guest is at ${seconds}`);
      counts.push(await counted(machine));
      assert.equal(
        await inGuest(machine, 'cat /srv/file && cmp /srv/blob /run/t/blob && echo same'),
        'kept\nsame',
        turn,
      );
      await sleep(300);
      assert.ok((await counted(machine)) > (counts.at(-1) ?? 0), 'it does not count on');
      await inGuest(machine, 'rm /srv/file /run/t/blob; systemctl stop counter; sync');
      await machine.close();
    }
    assert.ok(
      counts.every((count) => count > 0),
      `counted to ${counts}`,
    );
    assert.notEqual(random[0], random[1]);
  });

  test('that is given up before the guest stops leaves neither process nor overlay', async () => {
    const machine = await lab.restore('quiet');
    const { vm, session } = await lab.vm('web');
    const controller = new AbortController();
    onTrace = (message) => {
      if (message === 'cut: a process is on standby') controller.abort(new Error('given up'));
    };
    const files = (await readdir(vm.folder.path)).sort();
    const options = { key: keyOf('given up'), ram: true, descriptions: [] };
    const cut = cutLayer({ vm, machine, session, options }, { signal: controller.signal });
    await assert.rejects(cut, /given up/);
    onTrace = keep;
    assert.deepEqual((await readdir(vm.folder.path)).sort(), files);
    await inGuest(machine, `for turn in $(seq 100); do [ "$(${onStandby})" = 0 ] && exit; sleep 0.1; done; exit 1`);
    await machine.close();
  });

  test('leaves a process in its RAM, in Perl or in Python, that sets the clock and then is gone', async () => {
    const restored = async (key: string, work: (machine: Machine) => Promise<void>) => {
      trace.length = 0;
      const machine = await lab.restore(key);
      assert.ok(trace.includes('restore: the process on standby has set the clock'), trace.join('\n'));
      const seconds = Number(await inGuest(machine, 'date +%s'));
      assert.ok(Math.abs(Date.now() / 1000 - seconds) < 5, `the guest is at ${seconds}`);
      trace.length = 0;
      await lab.cut(`${key} at once`, machine); // while the last one has not left yet
      assert.ok(trace.includes('cut: a process is on standby'), trace.join('\n'));
      await inGuest(machine, `for turn in $(seq 100); do [ "$(${onStandby})" = 0 ] && exit; sleep 0.1; done; exit 1`);
      await work(machine);
      await machine.close();
    };
    await restored('quiet', async (machine) => {
      await inGuest(machine, 'mv /usr/bin/perl /usr/bin/perl.away');
      await lab.cut('python', machine);
      assert.equal(await inGuest(machine, onStandby), '0', 'the machine that was cut keeps one');
    });
    await restored('python', async () => undefined);
  });

  test('taken in the middle of a heavy write, brings back a disk and a RAM that agree, each time', async () => {
    const turns = process.env.GOQEMU_SOAK ? 50 : 3;
    for (let turn = 0; turn < turns; turn++) {
      const machine = await lab.restore('busy');
      assert.equal(await inGuest(machine, 'systemctl is-active heavy counter'), 'active\nactive');
      await inGuest(machine, 'systemctl stop heavy; [ ! -e /srv/sum ] || sync; cmp /srv/blob /run/t/blob');
      const log = await inGuest(machine, 'dmesg | grep -iE "ext4-fs (error|warning)|i/o error" || true');
      assert.equal(log, '', `turn ${turn}`);
      // What the page cache holds is what the disk holds.
      await inGuest(
        machine,
        'sha256sum /srv/* > /run/before; sync; echo 3 > /proc/sys/vm/drop_caches; sha256sum -c --quiet /run/before',
      );
      await machine.close();
    }
  });

  test('is what matchers of tests say of it, each true and false', async (t) => {
    const machine = await lab.restore('quiet');
    const { session } = await lab.vm('web');
    const guest: TestedGuest = {
      exec: (command, { sudo, timeout, signal } = {}) =>
        session.exec(command, {
          ...(sudo ? { user: 'root' } : {}),
          ...(timeout ? { timeoutMs: timeout } : {}),
          ...(signal ? { signal } : {}),
        }),
    };
    await matchersOnDebian(guest);
    const took = await changesOnDebian(guest);
    t.diagnostic(`milliseconds: ${JSON.stringify(took)}`);
    await machine.close();
  });

  test('holds a disk that is whole by itself: its file system is clean, and the file is in it', async () => {
    const folder = await mkdtemp(join(lab.folder, 'offline-'));
    const { imgPath = '' } = await lab.host.installation('amd64');
    for (const name of ['quiet', 'busy']) {
      const layer = await lab.host.layers.get(keyOf(name));
      await verifyLayer(lab.host.layers, layer, { qemuImg: imgPath });
      const disk = join(folder, name);
      await run(imgPath, ['convert', '-U', '-O', 'raw', join(layer.folder, layer.manifest.disk.name), disk]);
      const root = await rootFileSystem(disk, imgPath);
      await run('e2fsck', ['-p', root]).catch(corrected); // the journal, as a boot would
      await run('e2fsck', ['-fn', root]);
      assert.equal((await run('debugfs', ['-R', 'cat /srv/file', root])).stdout, 'kept\n', name);
    }
    await rm(folder, { recursive: true });
  });
});

/** e2fsck(8): 1 says that errors were corrected, and preening corrects those of a journal alone. */
function corrected(error: { code?: unknown }): void {
  if (error.code !== 1) throw error;
}

/** The largest partition, as a file of its own. */
async function rootFileSystem(disk: string, imgPath: string): Promise<string> {
  const { stdout } = await run('sfdisk', ['-J', disk]);
  const { partitions } = (JSON.parse(stdout) as { partitiontable: { partitions: { start: number; size: number }[] } })
    .partitiontable;
  const [root] = partitions.sort((a, b) => b.size - a.size);
  assert.ok(root, 'the disk has no partition');
  const options = `driver=raw,offset=${root.start * 512},size=${root.size * 512},file.driver=file,file.filename=${disk}`;
  await run(imgPath, ['convert', '--image-opts', options, '-O', 'raw', `${disk}-root`]);
  return `${disk}-root`;
}
