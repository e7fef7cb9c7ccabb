import type { ForwardChange, HostPort } from '@goqemu/lab';
import { usageError } from '../../arguments/usage-error.ts';

/** `8080:80`, `tcp:8080:80`, `udp:0:53`. @throws GoqemuError `usage` */
export function readForward(word: string): NonNullable<ForwardChange['add']> {
  const [, protocol, host, guest] = /^(?:(tcp|udp):)?(\d+):(\d+)$/.exec(word) ?? [];
  const [hostPort, guestPort] = [Number(host), Number(guest)];
  if (host === undefined || guestPort < 1 || Math.max(hostPort, guestPort) > 65_535)
    throw usageError(
      `"${word}" is no forward: expected a port of the host and one of the guest`,
      'write 8080:80, or udp:5353:53; with 0 for the port of the host goqemu chooses one',
    );
  return { ...(protocol === 'udp' ? { protocol } : {}), host: hostPort, guest: guestPort };
}

/** `8080`, `tcp:8080`, `udp:5353`. @throws GoqemuError `usage` */
export function readHostPort(word: string): HostPort {
  const [, protocol, digits] = /^(?:(tcp|udp):)?(\d+)$/.exec(word) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535)
    throw usageError(`"${word}" is no port of the host`, 'write --remove 8080, or --remove udp:5353');
  return protocol === 'udp' ? `udp:${port}` : port;
}
