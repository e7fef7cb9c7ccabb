import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goqemuFolders, hostPlatform, sleep } from '@goqemu/core';
import { AccessKeyStore, generateSshKeyPair } from '@goqemu/guest';
import { cloudInitSeed, ImageStore } from '@goqemu/image';
import { findQemu } from '@goqemu/machine';
import { findFreePort } from '@goqemu/network';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';

const command = fileURLToPath(new URL('../../goqemu/bin/goqemu.js', import.meta.url));

/**
 * From nothing to the first finished command of a Debian 12 with 1 GiB and two cores: `goqemu apply` of a lab with one
 * step, against the same image, overlay and seed started by a bare script that asks over OpenSSH until it gets in.
 * Node's start, the plan and the first layer's cut count; what is learnt once per boot of the host (QEMU's features,
 * the accelerator that runs a guest) is known. In turn in the same run; medians.
 *
 * And the same lab destroyed and applied again, from the command's start to its end: the machine goes on from the RAM of
 * the layer that is cached, and its agent has answered.
 */
export default async function applyBench(report: BenchReport, options: { quick: boolean }): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-bench-'));
  try {
    const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: home } };
    const usual = goqemuFolders(hostPlatform()).images;
    const images = new ImageStore({ folders: { ...goqemuFolders(platform), images: usual }, platform });
    const image = await images.ensure('debian-12');
    const bare: number[] = [];
    const applied: number[] = [];
    const again: number[] = [];
    for (let round = 0; round < (options.quick ? 1 : 3); round++) {
      bare.push(await bareStart(join(home, `bare-${round}`), image.path));
      const lab = await apply(join(home, `apply-${round}`), image.path);
      applied.push(lab.cold);
      again.push(...lab.again);
    }
    report({
      name: 'cold apply to the first finished command',
      value: median(applied) / 1000,
      unit: 's',
      baseline: median(bare) / 1000,
      aim: '≤ 1.05 × the bare script',
    });
    report({
      name: 'apply of a destroyed lab from its cached checkpoint, to the cold one',
      value: median(again) / 1000,
      unit: 's',
      baseline: median(applied) / 1000,
      aim: '≤ 1 s',
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** QEMU, seed and ssh as a short shell script would use them. */
async function bareStart(folder: string, image: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const { systemPath, imgPath } = await findQemu({ arch: 'x86_64' });
  const access = await new AccessKeyStore(join(folder, 'keys')).loadOrCreate('bare');
  const hostKey = await generateSshKeyPair('bare');
  const port = await findFreePort();
  const seed = cloudInitSeed({
    instanceId: 'i-bare',
    hostname: 'bare',
    user: 'debian',
    authorizedKeys: [access.publicKey],
    sshHostKeys: { ed25519Private: hostKey.privateKey, ed25519Public: hostKey.publicKey },
  });
  await writeFile(join(folder, 'seed.iso'), seed);
  await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey.publicKey}\n`);
  const begun = performance.now();
  const disk = join(folder, 'disk.qcow2');
  await finished(imgPath ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', image, disk, '10G']);
  const qemu = spawn(
    systemPath,
    [
      ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '1024', '-smp', '2', '-nodefaults'],
      ...['-display', 'none', '-serial', `file:${join(folder, 'serial.log')}`, '-device', 'virtio-rng-pci'],
      ...['-drive', `file=${disk},if=virtio`, '-drive', `file=${join(folder, 'seed.iso')},if=virtio,format=raw`],
      ...['-nic', `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ],
    { stdio: 'ignore' },
  );
  try {
    const ssh = [
      '-i',
      access.privateKeyFile,
      '-p',
      String(port),
      '-o',
      `UserKnownHostsFile=${join(folder, 'known_hosts')}`,
    ];
    const quiet = ['-o', 'ConnectTimeout=2', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'];
    const inside = 'cloud-init status --wait >/dev/null; sudo touch /root/first';
    while ((await exitCode('ssh', [...ssh, ...quiet, 'debian@127.0.0.1', inside])) !== 0) await sleep(200);
    return performance.now() - begun;
  } finally {
    qemu.kill('SIGKILL');
  }
}

/** The whole command, Node's start and the first checkpoint included. */
async function apply(
  folder: string,
  image: string,
): Promise<{ readonly cold: number; readonly again: readonly number[] }> {
  await mkdir(folder, { recursive: true });
  const env = { GOQEMU_HOME: join(folder, 'home') };
  const copied = join(folder, 'debian.qcow2');
  await copyFile(image, copied);
  const machine = `lab.vm('web', { image: ${JSON.stringify(copied)}, user: 'debian', memory: '1 GiB' })`;
  await writeFile(
    join(folder, 'lab.ts'),
    `import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'bench' }, (lab) => { ${machine}.run('first', 'touch /root/first && echo finished'); });\n`,
  );
  await finished(process.execPath, [command, 'image', 'pull', copied], { cwd: folder, env });
  await finished(process.execPath, [command, 'doctor'], { cwd: folder, env });
  const events = join(folder, 'events.ndjson');
  const begun = Date.now();
  await finished(process.execPath, [command, 'apply', '--yes', '--events', events], { cwd: folder, env });
  const cold = (await whenItSaid(events, 'finished')) - begun;
  const again: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await finished(process.execPath, [command, 'destroy', '--yes'], { cwd: folder, env });
    const start = performance.now();
    await finished(process.execPath, [command, 'apply', '--yes'], { cwd: folder, env });
    again.push(performance.now() - start);
  }
  await finished(process.execPath, [command, 'destroy', '--yes'], { cwd: folder, env });
  return { cold, again };
}

/** When a step's output came, by the events' own time stamps. */
async function whenItSaid(events: string, text: string): Promise<number> {
  for (const line of (await readFile(events, 'utf8')).split('\n')) {
    if (!line.includes(`"text":"${text}`)) continue;
    return Date.parse((JSON.parse(line) as { at: string }).at);
  }
  throw new Error(`no event says ${text}`);
}

interface Place {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function finished(program: string, args: readonly string[], place: Place = {}): Promise<void> {
  const code = await exitCode(program, args, place);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

function exitCode(program: string, args: readonly string[], place: Place = {}): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: 'ignore',
      env: { ...process.env, ...place.env },
      ...(place.cwd === undefined ? {} : { cwd: place.cwd }),
    });
    child.on('error', reject);
    child.on('close', resolve);
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
