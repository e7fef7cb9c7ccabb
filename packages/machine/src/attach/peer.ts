import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { HeldSocket, OpenFiles, ProcessFiles } from '../process/open-files.ts';
import type { SocketEndpoint } from '../sockets/machine-sockets.ts';

/** Whether a process has taken a connection; `unseen` when the host does not show what it has open. */
export type Answer = 'yes' | 'no' | 'unseen';

/** What a process has at an address before a connection to it is made. */
export interface PeerWatch {
  /** A client is connected already; a monitor takes one at a time. */
  readonly isBusy: boolean;
  /** Asked as soon as the other side has said something: by then the process that answers has taken the connection. */
  answered(): Promise<Answer>;
}

/**
 * Watches whether a process takes the connection that is about to be made. A path is no proof: a second QEMU on the same
 * path takes it from the first, and a wrapper such as timeout(1) has the same arguments. A connection that was taken is a
 * new socket of the one process.
 */
export async function watchPeer(pid: number, endpoint: SocketEndpoint, files: OpenFiles): Promise<PeerWatch> {
  const before = await socketsAt(pid, endpoint, files);
  const known = new Set(before?.map(({ id }) => id));
  return {
    isBusy: known.size > 1,
    answered: async () => {
      const now = await socketsAt(pid, endpoint, files);
      if (!before || !now) return 'unseen';
      return now.some(({ id }) => !known.has(id)) ? 'yes' : 'no';
    },
  };
}

async function socketsAt(pid: number, endpoint: SocketEndpoint, files: OpenFiles): Promise<HeldSocket[] | undefined> {
  const open = await files.of(pid);
  if (!open) return undefined;
  const at = await Promise.all(open.sockets.map((socket) => isAt(socket, endpoint, open)));
  return open.sockets.filter((_, index) => at[index]);
}

async function isAt(socket: HeldSocket, endpoint: SocketEndpoint, { workingFolder }: ProcessFiles): Promise<boolean> {
  if (endpoint.kind !== 'unix') return socket.port === endpoint.port;
  if (socket.path === undefined || basename(socket.path) !== basename(endpoint.path)) return false;
  if (isAbsolute(socket.path)) return (await realPath(socket.path)) === (await realPath(endpoint.path));
  // A daemon has left the folder that its relative path began at.
  const resolved = workingFolder === undefined ? undefined : await realPath(join(workingFolder, socket.path));
  return workingFolder === '/' || resolved === (await realPath(endpoint.path));
}

/** The path without symbolic links; its last part may be a socket that is gone. */
export async function realPath(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}
