import type { Duplex } from 'node:stream';
import { errorMessage, type GoqemuError, type Logger, orAborted, timeoutError } from '@goqemu/core';
import type { Client, ConnectConfig, PublicKeyAuthMethod } from 'ssh2';
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
    return await logIn({ client, socket, endpoint, settings }, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** What a login is made with. */
interface Login {
  readonly client: Client;
  /** After the banner. */
  readonly socket: Duplex;
  readonly endpoint: SshEndpoint;
  readonly settings: ConnectionSettings;
}

async function logIn(login: Login, signal: AbortSignal): Promise<Connection> {
  const { client, socket, endpoint, settings } = login;
  if (socket.destroyed) throw connectFailed(endpoint, 'the connection was closed after the banner');
  const expected = parsePublicKey(endpoint.hostKey);
  const refusal: Refusal = { expected: expected.blob };
  const breakage = new Breakage();
  client.on('error', (error) => {
    refusal.trouble = error;
    settings.logger.log('debug', 'ssh', 'connection error', { reason: error.message });
  });
  const settled = new Promise<void>((resolve) => {
    client.once('ready', resolve);
    client.once('close', () => {
      breakage.happen(refusal.trouble ? errorMessage(refusal.trouble) : 'the connection was closed');
      resolve();
    });
  });
  const timer = setTimeout(() => {
    refusal.trouble = timeoutError(`logging in to ${endpoint.host}:${endpoint.port} over SSH`, settings.handshakeMs);
    socket.destroy();
    client.emit('close'); // the client is not notified of a socket that was destroyed before
  }, settings.handshakeMs);
  leaveOutIntroduction(socket);
  client.connect({
    ...clientOptions(login, expected.type),
    hostVerifier: (key: Buffer) => {
      refusal.offered = key;
      return key.equals(expected.blob);
    },
  });
  try {
    await orAborted(settled, signal);
  } finally {
    clearTimeout(timer);
  }
  if (breakage.reason !== undefined) throw refusalError(endpoint, breakage.reason, refusal);
  return connectionOf(login, breakage);
}

function clientOptions({ socket, endpoint, settings }: Login, hostKeyType: string): ConnectConfig {
  const accessKey: PublicKeyAuthMethod = { type: 'publickey', username: endpoint.user, key: endpoint.privateKey };
  return {
    sock: socket,
    ident: clientSoftware,
    username: endpoint.user,
    authHandler: [accessKey],
    algorithms: { serverHostKey: [hostKeyType as 'ssh-ed25519'] },
    readyTimeout: 0, // ours covers more
    keepaliveInterval: settings.keepaliveMs,
    keepaliveCountMax: settings.keepaliveCount,
  };
}

function connectionOf({ client, socket }: Login, breakage: Breakage): Connection {
  return {
    client,
    title: 'the SSH session',
    get brokenBecause() {
      return breakage.reason;
    },
    onBroken: (listener) => breakage.onHappen(listener),
    close(reason) {
      breakage.happen(reason);
      client.end();
      socket.end(() => socket.destroy());
    },
  };
}

/** The one time that a connection breaks, with the first reason. */
class Breakage {
  readonly #listeners = new Set<(reason: string) => void>();
  #reason: string | undefined;

  /** Undefined while the connection stands. */
  get reason(): string | undefined {
    return this.#reason;
  }

  happen(reason: string): void {
    this.#reason ??= reason;
    for (const listener of this.#listeners) listener(this.#reason);
    this.#listeners.clear();
  }

  onHappen(listener: (reason: string) => void): () => void {
    if (this.#reason !== undefined) listener(this.#reason);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What a refused login is judged by. */
interface Refusal {
  readonly expected: Buffer;
  offered?: Buffer;
  trouble?: unknown;
}

function refusalError(endpoint: SshEndpoint, reason: string, { expected, offered, trouble }: Refusal): GoqemuError {
  const fingerprint = keyFingerprint(expected);
  if (offered && !offered.equals(expected)) return hostKeyMismatch(endpoint, fingerprint, keyFingerprint(offered));
  if (/no matching host key/i.test(reason)) return hostKeyMismatch(endpoint, fingerprint, 'only keys of other types');
  if ((trouble as { level?: unknown } | undefined)?.level === 'client-authentication')
    return authenticationFailed(endpoint, trouble);
  return connectFailed(endpoint, reason, trouble);
}
