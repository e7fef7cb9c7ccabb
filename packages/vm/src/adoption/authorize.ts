import { GoqemuError, shellQuote } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import { throughAgent } from '../guest/as-root.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

/**
 * Lets the lab's access key into the guest, beside the keys that are there, and reads the host key that its SSH server
 * shows: through the agent, a channel that no one on a network can intercept.
 *
 * @returns the host key, as in a `.pub` file
 * @throws GoqemuError `import-no-agent`, `import-no-access` with what the guest said
 */
export async function authorize(vm: Vm, machine: Machine, call: VmCall): Promise<string> {
  if (!machine.record.sockets.agent) {
    throw new GoqemuError({
      code: 'import-no-agent',
      source: 'user',
      subject: vm.spec.name,
      message: "the machine has no port for a guest agent, so the lab's access key cannot be let in",
      hint: 'import it without --authorize: status, logs and destroy work',
    });
  }
  const { publicKey } = await vm.host.keys.loadOrCreate(vm.scope.lineage);
  const result = await throughAgent(machine, call)(script(vm.spec.user, publicKey.trim()));
  const hostKey = result.stdout.trim().split('\n').at(-1) ?? '';
  if (result.exitCode === 0 && /^ssh-ed25519 /.test(hostKey)) return hostKey.split(' ').slice(0, 2).join(' ');
  throw new GoqemuError({
    code: 'import-no-access',
    source: 'user',
    subject: vm.spec.name,
    message: `the lab's access key could not be let in for user ${vm.spec.user}`,
    detail: result.stderr.trim() || `exit code ${result.exitCode ?? 'none'}`,
    hint: `the guest needs a user ${vm.spec.user} and an Ed25519 host key; name another user in the lab`,
  });
}

function script(user: string, key: string): string {
  return `set -e
home=$(awk -F: -v user=${shellQuote(user)} '$1 == user { print $6 }' /etc/passwd)
test -n "$home" || { echo "there is no user ${user}" >&2; exit 1; }
mkdir -p "$home/.ssh"
touch "$home/.ssh/authorized_keys"
grep -qxF ${shellQuote(key)} "$home/.ssh/authorized_keys" || echo ${shellQuote(key)} >> "$home/.ssh/authorized_keys"
chmod 700 "$home/.ssh"
chmod 600 "$home/.ssh/authorized_keys"
chown -R ${shellQuote(user)} "$home/.ssh"
if [ -f /etc/ssh/ssh_host_ed25519_key.pub ]; then cat /etc/ssh/ssh_host_ed25519_key.pub
else for key in /etc/dropbear/dropbear_ed25519_host_key /etc/dropbear/host_key; do
  if [ -f "$key" ]; then dropbearkey -y -f "$key" | grep '^ssh-ed25519 '; break; fi
done; fi
`;
}
