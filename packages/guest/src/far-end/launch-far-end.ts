import { farEndPerl } from './far-end-perl.ts';

/** Numbers of system calls (Linux, arch/…/entry/syscalls). */
const calls = {
  amd64: { getTime: 228, setTime: 227, sync: 162 },
  arm64: { getTime: 113, setTime: 112, sync: 81 },
} as const;

/** What the launcher's exit codes mean; 0 that the program runs. */
export const notLaunched: Readonly<Record<number, string>> = {
  5: 'the guest has no port for it',
  6: 'the guest has no Perl',
  7: 'the port is in use in the guest',
  8: 'the guest could not start a process',
  9: 'SELinux is enforced in the guest, and would confine commands as it does the agent',
};

/**
 * What starts the program in the guest: a script for root's /bin/sh, and what it reads on its standard input. Nothing is
 * left on the guest's disk. A scope of its own keeps systemd from ending it, and what it runs, with the guest's agent.
 */
export function farEndLauncher(
  arch: keyof typeof calls,
  portName: string,
): { readonly script: string; readonly input: string } {
  const { getTime, setTime, sync } = calls[arch];
  const numbers = `${getTime} ${setTime} ${sync}`;
  const script = `for entry in /sys/class/virtio-ports/*; do
  read -r name < "$entry/name" && [ "$name" = ${portName} ] && port=/dev/\${entry##*/}
done
[ "$port" ] || exit 5
command -v perl >/dev/null || exit 6
if read -r enforced < /sys/fs/selinux/enforce && [ "$enforced" = 1 ]; then exit 9; fi
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null
then exec systemd-run --quiet --scope --collect --description='Commands of goqemu' perl - "$port" ${numbers}
else exec perl - "$port" ${numbers}; fi 2>/dev/null`;
  return { script, input: farEndPerl };
}
