import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FakeSshServer,
  type FakeSshServerOptions,
  FaultyLink,
  type OpensshServer,
  startOpensshServer,
} from '@goqemu/testing/ssh-server';
import { generateSshKeyPair, type SshKeyPair } from '../keys/key-pair.ts';
import { GuestSession, type GuestSessionOptions } from './guest-session.ts';

interface Keys {
  readonly host: SshKeyPair;
  readonly access: SshKeyPair;
}

let keys: Promise<Keys> | undefined;

export function testKeys(): Promise<Keys> {
  keys ??= Promise.all([generateSshKeyPair('host'), generateSshKeyPair('access')]).then(([host, access]) => ({
    host,
    access,
  }));
  return keys;
}

/**
 * A folder with a few of this host's programs, to be the whole PATH of a guest that has no others. Windows has none of
 * them: no command runs in a guest there.
 */
export async function programsIn(folder: string, names: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of process.platform === 'win32' ? [] : names) {
    const found = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((path) => join(path, name)).find(existsSync);
    if (!found) throw new Error(`this host has no ${name}`);
    await symlink(found, join(folder, name));
  }
  return folder;
}

export interface FakeGuest extends AsyncDisposable {
  readonly server: FakeSshServer;
  readonly session: GuestSession;
}

/** A session with a server in this process, whose network can be made to fail. */
export async function fakeGuest(
  server: Partial<FakeSshServerOptions> = {},
  session: Partial<GuestSessionOptions> = {},
): Promise<FakeGuest> {
  const { host, access } = await testKeys();
  const started = await FakeSshServer.start({
    hostPrivateKey: host.privateKey,
    authorizedKeys: [access.publicKey],
    ...server,
  });
  const opened = new GuestSession({
    host: started.host,
    port: started.port,
    user: started.user,
    privateKey: access.privateKey,
    hostKey: host.publicKey,
    ...session,
  });
  return { server: started, session: opened, [Symbol.asyncDispose]: () => end(opened, started) };
}

export interface RealGuest extends AsyncDisposable {
  readonly server: OpensshServer;
  readonly link: FaultyLink;
  readonly session: GuestSession;
}

/**
 * A session with a real sshd behind a link that can be made to fail.
 *
 * @param settings further lines of sshd_config
 */
export async function realGuest(
  session: Partial<GuestSessionOptions> = {},
  settings: readonly string[] = [],
): Promise<RealGuest> {
  const { host, access } = await testKeys();
  const server = await startOpensshServer({
    hostPrivateKey: host.privateKey,
    authorizedKeys: [access.publicKey],
    settings,
  });
  const link = await FaultyLink.to(server.port);
  const opened = new GuestSession({
    host: link.host,
    port: link.port,
    user: server.user,
    privateKey: access.privateKey,
    hostKey: host.publicKey,
    ...session,
  });
  return { server, link, session: opened, [Symbol.asyncDispose]: () => end(opened, link, server) };
}

async function end(...things: readonly AsyncDisposable[]): Promise<void> {
  for (const thing of things) await thing[Symbol.asyncDispose]();
}
