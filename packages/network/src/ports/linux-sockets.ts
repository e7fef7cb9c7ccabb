import { readFile } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';

/** A socket of this host that has a port of its own. */
export interface LinuxSocket {
  /** Of the IPv4 table, on all addresses or on loopback: no other socket can listen on loopback there. */
  readonly holdsLoopback: boolean;
  /** Of TCP, that it accepts connections; of UDP, that it receives from anywhere. */
  readonly listens: boolean;
  /** As `/proc/PID/fd` shows it. */
  readonly link: string;
}

/** States of include/net/tcp_states.h that matter here, as proc(5) writes them. */
const listening = '0A';
const unconnected = '07'; // of UDP, where no socket listens
const timeWait = '06'; // does not stop a listener that sets SO_REUSEADDR, as QEMU and Node do
const anyAddress = '00000000';
const loopback = '0100007F'; // 127.0.0.1 in the byte order of the processors that goqemu runs on

/**
 * /proc/net/tcp and tcp6, or udp and udp6 (proc(5)). The kernel goes through all that it could have, which takes
 * milliseconds.
 */
export function socketTables(protocol: 'tcp' | 'udp' = 'tcp'): Promise<readonly string[]> {
  return Promise.all([`/proc/net/${protocol}`, `/proc/net/${protocol}6`].map(readTable));
}

/** The sockets on a port; a caller that checks several ports reads the tables once. */
export async function linuxSockets(port: number, tables = socketTables()): Promise<readonly LinuxSocket[]> {
  return (await tables).flatMap((text, version) =>
    text
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([, local = '', , state, , , , , , inode]): LinuxSocket[] => {
        const [address = '', number = ''] = local.split(':');
        if (Number.parseInt(number, 16) !== port || state === timeWait) return [];
        const holdsLoopback = version === 0 && (address === anyAddress || address === loopback);
        return [{ holdsLoopback, listens: state === listening || state === unconnected, link: `socket:[${inode}]` }];
      }),
  );
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return ''; // a host without IPv6 has no tcp6
    throw error;
  }
}
