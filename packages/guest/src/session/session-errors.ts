import { errorMessage, GoqemuError } from '@goqemu/core';
import type { SshEndpoint } from './endpoint.ts';

const at = (endpoint: SshEndpoint) => `${endpoint.user}@${endpoint.host}:${endpoint.port}`;

/** The session broke after a command had been sent; whether it ran to its end is unknown. */
export function connectionLost(what: string, reason: string, way = 'the SSH session'): GoqemuError {
  return new GoqemuError({
    code: 'connection-lost',
    source: 'environment',
    subject: what,
    message: `${way} broke while ${what} was running`,
    detail: reason,
    hint: 'the guest may have rebooted or lost its network: look at what has been done before running it again, or mark it repeatable; the next command makes a new connection',
  });
}

export function hostKeyMismatch(endpoint: SshEndpoint, expected: string, got: string): GoqemuError {
  return new GoqemuError({
    code: 'host-key-mismatch',
    source: 'environment',
    subject: at(endpoint),
    message: `the SSH server at ${endpoint.host}:${endpoint.port} is not the machine that goqemu made`,
    detail: `expected host key ${expected}, got ${got}`,
    hint: 'another process may answer on this port, or the guest has replaced its host keys',
    data: { expected, got },
  });
}

export function authenticationFailed(endpoint: SshEndpoint, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'authentication-failed',
    source: 'environment',
    subject: at(endpoint),
    message: `the guest refused the access key of user "${endpoint.user}"`,
    detail: errorMessage(cause),
    hint: 'check that the user exists in the guest and that its authorized_keys holds this lab’s key',
    cause,
  });
}

/** No SSH session could be made this time; another attempt may do better. */
export function connectFailed(endpoint: SshEndpoint, reason: string, cause?: unknown): GoqemuError {
  return new GoqemuError({
    code: 'connect-failed',
    source: 'environment',
    subject: at(endpoint),
    message: `no SSH session with ${at(endpoint)}`,
    detail: reason,
    hint: 'check that the machine is running and that its sshd is up',
    ...(cause === undefined ? {} : { cause }),
  });
}

export function sessionClosed(endpoint: SshEndpoint): GoqemuError {
  return new GoqemuError({
    code: 'session-closed',
    source: 'user',
    subject: at(endpoint),
    message: 'this SSH session has been closed',
    hint: 'make a new session',
  });
}
