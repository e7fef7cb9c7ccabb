import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir, userInfo } from 'node:os';
import { Duplex } from 'node:stream';
import { GuestSession, type GuestSessionOptions } from '../session/guest-session.ts';
import { testKeys } from '../session/session.fixture.ts';
import { farEndPerl } from './far-end-perl.ts';
import type { PortTransport } from './port-line.ts';

/** A stream as the host's side of a port. */
export function portOf(stream: Duplex): PortTransport {
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  return {
    onBytes: (receiver) => void stream.on('data', receiver),
    write: (bytes) => void (stream.writable && stream.write(bytes)),
    async close() {
      stream.destroy();
      await closed;
    },
    closed,
  };
}

/** The one user of this host that the program knows: with a home folder where no start file is read. */
const users = (
  shell: string,
) => `BEGIN { *CORE::GLOBAL::getpwnam = sub ($) { my $name = shift; my @own = CORE::getpwnam($name) or return;
  @own[7, 8] = ('${tmpdir()}', '${shell}'); return @own } }
`;

/** The program that runs in guests, on this host, at a socket in the place of the port; it ends with the socket. */
export async function startFarEnd(shell = '/bin/sh'): Promise<Duplex> {
  const child = spawn('perl', ['-', 'fd:3', '228', '227', '162'], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
  child.stdin?.end(users(shell) + farEndPerl);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the program could not be started: exit code ${code}`);
  const [, , , port] = child.stdio;
  if (!(port instanceof Duplex)) throw new Error('there is no socket');
  port.on('error', () => undefined); // reset when the program is killed
  return port;
}

/** A session that has nothing but the program; SSH leads nowhere. */
export async function channelSession(
  open: () => Promise<Duplex> = startFarEnd,
  options: Partial<GuestSessionOptions> = {},
): Promise<GuestSession> {
  const { host, access } = await testKeys();
  return new GuestSession({
    host: '127.0.0.1',
    port: 1,
    user: userInfo().username,
    privateKey: access.privateKey,
    hostKey: host.publicKey,
    reconnectMs: 1,
    channel: async () => portOf(await open()),
    ...options,
  });
}
