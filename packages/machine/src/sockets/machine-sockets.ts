import type { HostPlatform } from '@goqemu/core';
import { pathOf } from '../find/usual-places.ts';

/** How one of a machine's sockets is reached. */
export type SocketEndpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      /** Loopback TCP with TLS-PSK (QEMU's `tls-creds-psk`), where Node cannot open Unix sockets. */
      readonly kind: 'tls-psk';
      readonly host: string;
      readonly port: number;
      /** Holds `keys.psk`, readable by its owner alone. */
      readonly keyFolder: string;
    };

/** A QMP chardev serves one client at a time, so there is one monitor for each kind of client. */
export interface MachineSockets {
  /** For the one who holds the machine. */
  readonly control: SocketEndpoint;
  /** For goqemu's reading commands, which take turns. */
  readonly readers: SocketEndpoint;
  /** Left free for tools of other people. */
  readonly tools: SocketEndpoint;
  readonly agent?: SocketEndpoint;
  readonly standby?: SocketEndpoint;
  /** The first serial port. */
  readonly console?: SocketEndpoint;
}

export interface WantedSockets {
  readonly agent: boolean;
  readonly standby: boolean;
  readonly console: boolean;
}

/** Names of one letter: sun_path ends after 104 bytes on macOS. */
export const socketNames = { control: 'c', readers: 'r', tools: 't', agent: 'a', standby: 'w', console: 's' } as const;

/** Sockets of network cards, at which QEMU waits: for passt, and for the switch of a lab at each of four cards. */
export const cardSocketNames = { passt: 'n', lan: ['l0', 'l1', 'l2', 'l3'] } as const;

/** What the file is called that has the port, where a card has one in the place of its socket. */
export function portFileOf(socket: string): string {
  return `${socket}.port`;
}

/** The sockets in a machine's runtime folder. */
export function unixSockets(folder: string, wanted: WantedSockets, platform: HostPlatform): MachineSockets {
  const unix = (name: keyof MachineSockets): SocketEndpoint => ({
    kind: 'unix',
    path: pathOf(platform).join(folder, socketNames[name]),
  });
  return {
    control: unix('control'),
    readers: unix('readers'),
    tools: unix('tools'),
    ...(wanted.agent ? { agent: unix('agent') } : {}),
    ...(wanted.standby ? { standby: unix('standby') } : {}),
    ...(wanted.console ? { console: unix('console') } : {}),
  };
}
