import { GoqemuError, isGoqemuError } from '@goqemu/core';
import type { ReplyError } from '../channel/reply.ts';

/** A command that QEMU refused (QEMU docs/interop/qmp-spec, “Error Response”). Code `qmp-command-failed`. */
export class QmpCommandError extends GoqemuError {
  readonly command: string;
  /** `GenericError`, `CommandNotFound`, `DeviceNotFound`, `DeviceNotActive` or `KVMMissingCap`. */
  readonly errorClass: string;
  /** QEMU's own words; human-readable, not for programs. */
  readonly description: string;

  constructor(command: string, error: ReplyError, hint?: string) {
    super({
      code: 'qmp-command-failed',
      source: 'environment',
      subject: command,
      message: `QEMU refused ${command}: ${error.desc}`,
      ...(hint ? { hint } : {}),
      data: { command, class: error.class, description: error.desc },
    });
    this.name = 'QmpCommandError';
    this.command = command;
    this.errorClass = error.class;
    this.description = error.desc;
  }
}

/** A guard instead of `instanceof`, with the class that is asked for. */
export function isQmpCommandError(value: unknown, errorClass?: string): value is QmpCommandError {
  if (!isGoqemuError(value) || value.code !== 'qmp-command-failed') return false;
  return errorClass === undefined || value.data.class === errorClass;
}

/** The connection was over before the answer came; the command may or may not have been carried out. */
export function qmpClosedError(peer: string, command?: string, cause?: unknown): GoqemuError {
  const lost = command ? ` before it answered ${command}` : '';
  return new GoqemuError({
    code: 'qmp-closed',
    source: 'environment',
    subject: command ?? peer,
    message: `the QMP connection to ${peer} ended${lost}`,
    ...(cause instanceof Error ? { detail: cause.message, cause } : {}),
    hint: 'look whether QEMU has exited, and at the last lines of its log',
    data: { peer, ...(command ? { command } : {}) },
  });
}

export function noGreetingError(peer: string, milliseconds: number): GoqemuError {
  return new GoqemuError({
    code: 'qmp-no-greeting',
    source: 'environment',
    subject: peer,
    message: `${peer} took the connection but sent no QMP greeting within ${milliseconds} ms: its monitor is probably busy with another client`,
    hint: 'a monitor serves one client at a time: close the other client, or use another monitor of this machine',
    data: { peer, milliseconds },
  });
}

export function notQmpError(peer: string, seen: string): GoqemuError {
  return new GoqemuError({
    code: 'qmp-garbage',
    source: 'environment',
    subject: peer,
    message: `${peer} sent something that is not QMP: ${seen}`,
    hint: 'is this the socket of a QMP monitor (-qmp, or -mon …,mode=control), and not a human monitor or a console?',
    data: { peer },
  });
}

/** The connection stands, but nothing comes over it any more: a stopped process, or a network that went away. */
export function silentPeerError(peer: string, milliseconds: number): GoqemuError {
  return new GoqemuError({
    code: 'qmp-silent',
    source: 'environment',
    subject: peer,
    message: `${peer} has stopped answering: nothing came within ${milliseconds} ms`,
    hint: 'look whether QEMU is stopped (state T in ps) or hangs on a disk, or whether the network to it is gone',
    data: { peer, milliseconds },
  });
}

/** The same as {@link notQmpError}, reported to each command that was under way. */
export function qmpBrokenError(command: string, error: GoqemuError): GoqemuError {
  return new GoqemuError({
    code: error.code,
    source: error.source,
    subject: command,
    message: `${command} was given up: ${error.message}`,
    cause: error,
    data: { ...error.data, command },
  });
}

export function oobUnavailableError(peer: string, command: string): GoqemuError {
  return new GoqemuError({
    code: 'qmp-oob-unavailable',
    source: 'user',
    subject: command,
    message: `${command} cannot run out of band: that was not negotiated with ${peer}`,
    hint: 'connect with { oob: true } to a monitor that offers it in its greeting',
    data: { peer, command },
  });
}
