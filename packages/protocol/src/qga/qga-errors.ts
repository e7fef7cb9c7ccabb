import { GoqemuError, isGoqemuError } from '@goqemu/core';
import type { ReplyError } from '../channel/reply.ts';

/** A command that the guest agent refused. Code `qga-command-failed`. */
export class QgaCommandError extends GoqemuError {
  readonly command: string;
  /** `GenericError`, `CommandNotFound`, … */
  readonly errorClass: string;
  /** The agent's own words. */
  readonly description: string;

  constructor(command: string, error: ReplyError) {
    super({
      code: 'qga-command-failed',
      source: 'environment',
      subject: command,
      message: `the guest agent refused ${command}: ${error.desc}`,
      ...hintFor(error),
      data: { command, class: error.class, description: error.desc },
    });
    this.name = 'QgaCommandError';
    this.command = command;
    this.errorClass = error.class;
    this.description = error.desc;
  }
}

function hintFor(error: ReplyError): { hint?: string } {
  if (/disabled|not allowed/i.test(error.desc)) {
    return {
      hint: "the guest's agent is configured to refuse this command: see its --block-rpcs or --allow-rpcs option",
    };
  }
  return error.class === 'CommandNotFound' ? { hint: 'install a newer qemu-guest-agent in the guest' } : {};
}

/** A guard instead of `instanceof`, with the class that is asked for. */
export function isQgaCommandError(value: unknown, errorClass?: string): value is QgaCommandError {
  if (!isGoqemuError(value) || value.code !== 'qga-command-failed') return false;
  return errorClass === undefined || value.data.class === errorClass;
}

export function notRespondingError(peer: string, milliseconds: number, cause?: unknown): GoqemuError {
  return new GoqemuError({
    code: 'qga-not-responding',
    source: 'environment',
    subject: peer,
    message: `no guest agent answered at ${peer} within ${milliseconds} ms`,
    hint: 'is qemu-guest-agent installed and running in the guest? One that opened its port after this connection needs a new one; another client may hold the port',
    ...(cause === undefined ? {} : { cause }),
    data: { peer, milliseconds },
  });
}

export function qgaClosedError(peer: string, command?: string, cause?: unknown): GoqemuError {
  const lost = command ? ` before it answered ${command}` : '';
  return new GoqemuError({
    code: 'qga-closed',
    source: 'environment',
    subject: command ?? peer,
    message: `the connection to the guest agent at ${peer} ended${lost}`,
    ...(cause instanceof Error ? { detail: cause.message, cause } : {}),
    hint: 'look whether the machine is still running',
    data: { peer, ...(command ? { command } : {}) },
  });
}
