import { basename, dirname } from 'node:path';
import { type MachineSockets, type SocketEndpoint, socketNames } from './machine-sockets.ts';

interface SocketsAndFolder {
  readonly sockets: MachineSockets;
  readonly runtimeFolder: string;
}

/** True for a machine that goqemu started: its monitors lie under goqemu's names in the runtime folder. */
export function hasOwnSockets({ sockets, runtimeFolder }: SocketsAndFolder): boolean {
  const { control, readers, tools } = sockets;
  const isOwn = (endpoint: SocketEndpoint, names: readonly string[]) =>
    folderOf(endpoint) === runtimeFolder && (endpoint.kind !== 'unix' || names.includes(basename(endpoint.path)));
  const { control: c, readers: r, tools: t } = socketNames;
  // One who attached by a socket holds that one, whichever of the three it is.
  return isOwn(control, [c, r, t]) && isOwn(readers, [r]) && isOwn(tools, [t]) && !isSame(readers, tools);
}

function isSame(one: SocketEndpoint, other: SocketEndpoint): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * True when the runtime folder is the place where another program put its sockets: what else lies there is not goqemu's,
 * whatever it is called. Records that goqemu 0.1 made of such machines name it.
 */
export function isBorrowedFolder(machine: SocketsAndFolder): boolean {
  if (hasOwnSockets(machine)) return false;
  return Object.values(machine.sockets).some(
    (endpoint: SocketEndpoint) => folderOf(endpoint) === machine.runtimeFolder,
  );
}

function folderOf(endpoint: SocketEndpoint): string {
  return endpoint.kind === 'unix' ? dirname(endpoint.path) : endpoint.keyFolder;
}
