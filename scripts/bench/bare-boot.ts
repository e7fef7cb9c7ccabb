import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '@goqemu/core';
import { AccessKeyStore, generateSshKeyPair } from '@goqemu/guest';
import { cloudInitSeed } from '@goqemu/image';
import { findQemu } from '@goqemu/machine';
import { findFreePort } from '@goqemu/network';
import { exitCode, finished } from './program.ts';

/** How long a guest may take to boot, without hardware acceleration on a busy host. */
const patienceMs = 1_200_000;

/** A guest of a bare script; disposing of it ends its QEMU. */
export interface BareGuest extends AsyncDisposable {
  readonly pid: number;
  /** Milliseconds from the script's start to the end of the first command. */
  readonly command: number;
}

/**
 * An image with 1 GiB and two cores, with QEMU, seed and ssh as a short shell script would use them: asks over OpenSSH
 * until it gets in.
 */
export async function bareBoot(folder: string, image: string): Promise<BareGuest> {
  await mkdir(folder, { recursive: true });
  const { systemPath, imgPath } = await findQemu({ arch: 'x86_64' });
  const { port, words } = await login(folder);
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
  const end = async () => {
    qemu.kill('SIGKILL');
    if (qemu.exitCode === null && qemu.signalCode === null) await once(qemu, 'close');
  };
  try {
    const inside = 'cloud-init status --wait >/dev/null; sudo touch /root/first';
    while ((await exitCode('ssh', [...words, inside])) !== 0) {
      if (qemu.exitCode !== null) throw new Error(`the bare QEMU ended with ${qemu.exitCode}`);
      if (performance.now() - begun > patienceMs) throw new Error('the bare guest did not let ssh in');
      await sleep(200);
    }
    return { pid: qemu.pid ?? 0, command: performance.now() - begun, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A seed that lets ssh in at this port, and the arguments of that ssh. */
async function login(folder: string): Promise<{ readonly port: number; readonly words: readonly string[] }> {
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
  const known = join(folder, 'known_hosts');
  await writeFile(known, `[127.0.0.1]:${port} ${hostKey.publicKey}\n`);
  const options = [`UserKnownHostsFile=${known}`, 'ConnectTimeout=2', 'BatchMode=yes', 'LogLevel=ERROR'];
  const words = ['-i', access.privateKeyFile, '-p', String(port), ...options.flatMap((option) => ['-o', option])];
  return { port, words: [...words, 'debian@127.0.0.1'] };
}
