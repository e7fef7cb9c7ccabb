import { GoqemuError } from '@goqemu/core';

/** A process as a message names it. */
export interface NamedProcess {
  readonly pid: number;
  /** Its program's name. */
  readonly program: string;
}

export function notFound(message: string, hint: string): GoqemuError {
  return new GoqemuError({ code: 'machine-not-found', source: 'user', message, hint });
}

/** Arguments that name a monitor at which another process answers, or that several processes have. */
export function ambiguous(
  place: string,
  named: readonly NamedProcess[],
  answering: NamedProcess | undefined,
): GoqemuError {
  const names = named.map(({ pid, program }) => `process ${pid} (${program})`).join(' and ');
  const answer = answering
    ? `process ${answering.pid} (${answering.program}) answers there`
    : 'it could not be seen which process answers there';
  return new GoqemuError({
    code: 'machine-ambiguous',
    source: 'user',
    message: `the monitor at ${place} is in the arguments of ${names}, and ${answer}`,
    hint: answering
      ? `name that one: process ${answering.pid}; the other cannot be reached at this monitor`
      : 'run as the user who started QEMU, or give each QEMU a monitor of its own',
    data: { place, pids: named.map(({ pid }) => pid), ...(answering ? { answering: answering.pid } : {}) },
  });
}
