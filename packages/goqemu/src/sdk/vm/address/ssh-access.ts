import type { Vm } from '@goqemu/vm';

/** What an SSH client needs: `ssh -i identityFile -p port user@host`. */
export interface SshAccess {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  /** Path of the private key; its public half is beside it. */
  readonly identityFile: string;
  /** The key that the guest shows, for known_hosts: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
}

export async function sshAccess(vm: Vm): Promise<SshAccess> {
  const [access, hostKey] = await Promise.all([vm.host.keys.loadOrCreate(vm.scope.lineage), vm.hostKey()]);
  const { identity, user } = vm.spec;
  return {
    host: '127.0.0.1',
    port: identity.sshPort,
    user,
    identityFile: access.privateKeyFile,
    hostKey: hostKey.publicKey,
  };
}
