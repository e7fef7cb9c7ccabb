import type { PortForward } from '@goqemu/spec';
import type { VmSpec } from './vm-spec.ts';

/** A port of this host's loopback that is forwarded into the guest. */
export type GuestForward = Pick<PortForward, 'protocol' | 'host' | 'guest'>;

export function forwardsOf(spec: Pick<VmSpec, 'identity' | 'forwards'>): readonly GuestForward[] {
  return [{ host: spec.identity.sshPort, guest: 22 }, ...Object.values(spec.forwards)];
}

/** As the machine layer has it. */
export function loopbackForward({ protocol, host, guest }: GuestForward) {
  return {
    protocol: protocol ?? ('tcp' as const),
    hostAddress: '127.0.0.1',
    hostPort: host,
    guestPort: guest,
  } as const;
}

/** Milliseconds for QEMU to say which ports it forwards: it has that in memory. */
export const usernetMs = 10_000;

/** `info usernet`: `TCP[HOST_FORWARD]  13  127.0.0.1  2222  10.0.2.15  22  0  0`. */
export function readForwards(text: string): readonly GuestForward[] {
  return [...text.matchAll(/(TCP|UDP)\[HOST_FORWARD\]\s+\S+\s+\S+\s+(\d+)\s+\S+\s+(\d+)/g)].map(
    ([, protocol, host, guest]) => ({
      ...(protocol === 'UDP' ? { protocol: 'udp' as const } : {}),
      host: Number(host),
      guest: Number(guest),
    }),
  );
}
