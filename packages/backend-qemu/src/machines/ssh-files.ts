import { writeOwnFile } from '@goqemu/core';
import type { SshFiles } from '@goqemu/lab';
import type { Vm } from '@goqemu/vm';

/** Writes the host key down as another SSH client reads it. */
export async function writeSshFiles(vm: Vm, hostKey: string): Promise<SshFiles> {
  const access = await vm.host.keys.loadOrCreate(vm.scope.lineage);
  const knownHostsFile = vm.folder.file('known_hosts');
  // The form of sshd(8), “SSH_KNOWN_HOSTS FILE FORMAT”: a port other than 22 in brackets.
  await writeOwnFile(knownHostsFile, `[127.0.0.1]:${vm.spec.identity.sshPort} ${hostKey}\n`);
  return { identityFile: access.privateKeyFile, knownHostsFile };
}
