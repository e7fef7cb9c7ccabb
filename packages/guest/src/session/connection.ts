import type { Duplex } from 'node:stream';
import { errorMessage, type Logger, orAborted, timeoutError } from '@goqemu/core';
import type { Client, PublicKeyAuthMethod } from 'ssh2';
import { keyFingerprint, parsePublicKey } from '../keys/key-pair.ts';
import { socketWithBanner } from './banner.ts';
import type { CommandConnection } from './command-connection.ts';
import type { SshEndpoint } from './endpoint.ts';
import { clientSoftware, leaveOutIntroduction } from './identification.ts';
import type { BannerTiming } from './pace.ts';
import { authenticationFailed, connectFailed, hostKeyMismatch } from './session-errors.ts';
import { sshLibrary } from './ssh-library.ts';

/** One authenticated SSH connection; when it has broken it is thrown away for another. */
export type Connection = CommandConnection<Client>;

export interface ConnectionSettings {
  readonly banner: BannerTiming;
  /** From the banner to the login; milliseconds. */
  readonly handshakeMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
  readonly logger: Logger;
}

/** What a connection attempt reports as it proceeds. */
export interface ConnectionProgress {
  readonly onAttempt?: ((reason: string) => void) | undefined;
  readonly onBanner?: (() => void) | undefined;
}

/**
 * Waits for the banner, checks the host key, logs in: one attempt.
 *
 * @throws GoqemuError `host-key-mismatch`, `authentication-failed`, `connect-failed`; the signal's reason
 */
export async function openConnection(
  endpoint: SshEndpoint,
  settings: ConnectionSettings,
  signal: AbortSignal,
  progress: ConnectionProgress,
): Promise<Connection> {
  const library = sshLibrary(); // loads while the banner is awaited
  const socket = await socketWithBanner(endpoint, settings.banner, signal, (reason) => {
    if (signal.aborted) return; // given up, which is no reason of the guest's
    settings.logger.log('debug', 'ssh', 'no banner yet', { host: endpoint.host, port: endpoint.port, reason });
    progress.onAttempt?.(reason);
  });
  progress.onBanner?.();
  const client = new (await library).Client();
  try {
    return await logIn(client, socket, endpoint, settings, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function logIn(
  client: Client,
  socket: Duplex,
  endpoint: SshEndpoint,
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<Connection> {
  if (socket.destroyed) throw connectFailed(endpoint, 'the connection was closed after the banner');
  const pinned = parsePublicKey(endpoint.hostKey);
  let offered: Buffer | undefined;
  let trouble: unknown;
  let brokenBecause: string | undefined;
  const listeners = new Set<(reason: string) => void>();
  const breakUp = (reason: string) => {
    brokenBecause ??= reason;
    for (const listener of listeners) listener(brokenBecause);
    listeners.clear();
  };
  client.on('error', (error) => {
    trouble = error;
    settings.logger.log('debug', 'ssh', 'connection error', { reason: error.message });
  });
  const settled = new Promise<void>((resolve) => {
    client.once('ready', resolve);
    client.once('close', () => {
      breakUp(trouble ? errorMessage(trouble) : 'the connection was closed');
      resolve();
    });
  });
  const timer = setTimeout(() => {
    trouble = timeoutError(`logging in to ${endpoint.host}:${endpoint.port} over SSH`, settings.handshakeMs);
    socket.destroy();
    client.emit('close'); // the client is not notified of a socket that was destroyed before
  }, settings.handshakeMs);
  const accessKey: PublicKeyAuthMethod = { type: 'publickey', username: endpoint.user, key: endpoint.privateKey };
  leaveOutIntroduction(socket);
  client.connect({
    sock: socket,
    ident: clientSoftware,
    username: endpoint.user,
    authHandler: [accessKey],
    algorithms: { serverHostKey: [pinned.type as 'ssh-ed25519'] },
    hostVerifier: (key: Buffer) => {
      offered = key;
      return key.equals(pinned.blob);
    },
    readyTimeout: 0, // ours covers more
    keepaliveInterval: settings.keepaliveMs,
    keepaliveCountMax: settings.keepaliveCount,
  });
  try {
    await orAborted(settled, signal);
  } finally {
    clearTimeout(timer);
  }
  if (brokenBecause !== undefined) throw refusal(endpoint, brokenBecause, trouble, pinned.blob, offered);
  return {
    client,
    title: 'the SSH session',
    get brokenBecause() {
      return brokenBecause;
    },
    onBroken(listener) {
      if (brokenBecause !== undefined) listener(brokenBecause);
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close(reason) {
      breakUp(reason);
      client.end();
      socket.end(() => socket.destroy());
    },
  };
}

function refusal(endpoint: SshEndpoint, reason: string, trouble: unknown, pinned: Buffer, offered: Buffer | undefined) {
  const expected = keyFingerprint(pinned);
  if (offered && !offered.equals(pinned)) return hostKeyMismatch(endpoint, expected, keyFingerprint(offered));
  if (/no matching host key/i.test(reason)) return hostKeyMismatch(endpoint, expected, 'only keys of other types');
  if ((trouble as { level?: unknown } | undefined)?.level === 'client-authentication')
    return authenticationFailed(endpoint, trouble);
  return connectFailed(endpoint, reason, trouble);
}
