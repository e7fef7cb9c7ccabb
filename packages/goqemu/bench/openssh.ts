import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackPackages } from '@goqemu/testing';
import { exitCode, finished } from '../../../scripts/bench/program.ts';
import type { QemuVM } from '../src/sdk/vm/qemu-vm.ts';

/** OpenSSH's own programs with a guest, over one connection that is kept, as goqemu keeps its own; disposing of it ends that. */
export class OpenSsh implements AsyncDisposable {
  readonly #config: string;

  private constructor(config: string) {
    this.#config = config;
  }

  static async connect(vm: QemuVM, folder: string): Promise<OpenSsh> {
    const { host, port, user, identityFile, hostKey } = await vm.sshEndpoint();
    const config = join(folder, 'ssh_config');
    await writeFile(join(folder, 'known_hosts'), `[${host}]:${port} ${hostKey}\n`);
    await writeFile(
      config,
      `Host guest
  HostName ${host}
  Port ${port}
  User ${user}
  IdentityFile "${identityFile}"
  UserKnownHostsFile "${join(folder, 'known_hosts')}"
  StrictHostKeyChecking yes
  BatchMode yes
  ControlPath "${join(folder, 'control')}"
`,
    );
    const ssh = new OpenSsh(config);
    await ssh.ssh('-o', 'ControlMaster=yes', '-o', 'ControlPersist=yes', '-fN', 'guest');
    return ssh;
  }

  ssh(...words: string[]): Promise<void> {
    return finished('ssh', ['-F', this.#config, ...words]);
  }

  /** Paths of the guest begin with `guest:`. */
  scp(...words: string[]): Promise<void> {
    return finished('scp', ['-q', '-F', this.#config, ...words]);
  }

  /** Paths of the guest begin with `guest:`. */
  rsync(inGuest: string, ...words: string[]): Promise<void> {
    return finished('rsync', ['-a', '-e', `ssh -F '${this.#config}'`, '--rsync-path', inGuest, ...words]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ssh('-O', 'exit', 'guest');
  }
}

/**
 * How rsync is started in a Debian 12 guest, which gets it from the host's mirror where it has none. Undefined where this
 * host has no rsync, or cannot get the guest's: the reason is reported.
 */
export async function rsyncInGuest(vm: QemuVM): Promise<string | undefined> {
  try {
    if ((await exitCode('rsync', ['--version'])) !== 0) throw new Error('rsync --version fails');
    if ((await vm.exec('command -v rsync')).exitCode === 0) return 'rsync';
    const packages = ['rsync', 'libpopt0'];
    const root = await unpackPackages({ name: 'rsync-bookworm', suite: () => 'bookworm', packages });
    await vm.upload(join(root, 'usr/bin/rsync'), '/tmp/rsync/rsync');
    await vm.upload(join(root, 'usr/lib/x86_64-linux-gnu/libpopt.so.0'), '/tmp/rsync/libpopt.so.0');
    return 'LD_LIBRARY_PATH=/tmp/rsync /tmp/rsync/rsync';
  } catch (error) {
    process.stderr.write(`no rsync to measure against: ${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
}
