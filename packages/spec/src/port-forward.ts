/** A guest port that can be reached on the host's loopback address. */
export interface PortForward {
  /** Absent for TCP. */
  readonly protocol?: 'udp';
  /** The port on 127.0.0.1, 1 to 65535; allocated when the lab names none. */
  readonly host: number;
  /** The port in the guest, 1 to 65535. */
  readonly guest: number;
  /** Added to the machine with `goqemu forward`: the lab does not name it. */
  readonly manual?: true;
}

/** A port of the host's loopback: its number for TCP, `udp:5353` for UDP, which has ports of its own. */
export type HostPort = number | `udp:${number}`;

export function hostPortOf({ protocol, host }: Pick<PortForward, 'protocol' | 'host'>): HostPort {
  return protocol === 'udp' ? `udp:${host}` : host;
}

export function portNumber(port: HostPort): number {
  return typeof port === 'number' ? port : Number(port.slice('udp:'.length));
}

/** As it is written and shown: `127.0.0.1:8080 to port 80`, `127.0.0.1:5353 to port 53 (udp)`. */
export function shownForward({ protocol, host, guest }: PortForward): string {
  return `127.0.0.1:${host} to port ${guest}${protocol === 'udp' ? ' (udp)' : ''}`;
}

/** The name of a forward that was added manually; those that a lab names have no colon. */
export function manualName(forward: Pick<PortForward, 'protocol' | 'host'>): string {
  return `${forward.protocol ?? 'tcp'}:${forward.host}`;
}
