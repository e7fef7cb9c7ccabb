import { connect, createServer, type Server } from 'node:net';
import { systemErrorCode } from '../errors/internal-error.ts';

/** Opens a pipe that tells nothing to a process that connects; it keeps no process running. */
export async function openPipe(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // who looked has gone
    socket.unref();
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

/** Whether some process has a pipe open. */
export function isPipeThere(path: string): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = systemErrorCode(error);
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(false);
      // All its instances are taken at this moment, or it is another user's: it is there.
      else if (code === 'EBUSY' || code === 'EPERM' || code === 'EACCES' || code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}
