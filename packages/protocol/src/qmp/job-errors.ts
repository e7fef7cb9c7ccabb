import { formatDuration, GoqemuError } from '@goqemu/core';

export function jobIdMissingError(command: string): GoqemuError {
  return new GoqemuError({
    code: 'qmp-job-id-missing',
    source: 'user',
    subject: command,
    message: `${command} needs a 'job-id' to be followed as a job`,
    hint: "add a 'job-id' that no other job has",
  });
}

export function jobFailedError(id: string, command: string, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'qmp-job-failed',
    source: 'environment',
    subject: id,
    message: `the job ${id} (${command}) failed: ${reason}`,
    data: { id, command, reason },
  });
}

export function jobTimeoutError(id: string, command: string, milliseconds: number): GoqemuError {
  return new GoqemuError({
    code: 'timeout',
    source: 'environment',
    subject: id,
    message: `the job ${id} (${command}) was cancelled: it did not finish within ${formatDuration(milliseconds)}`,
    data: { id, command, milliseconds },
  });
}

/** @param error how the connection ended */
export function jobLostError(peer: string, id: string, error: GoqemuError): GoqemuError {
  return new GoqemuError({
    code: error.code,
    source: 'environment',
    subject: id,
    message: `the QMP connection to ${peer} ended while the job ${id} ran`,
    detail: error.detail ?? error.message,
    hint: 'while QEMU runs, the job continues there: connect again, and look at it with query-jobs',
    cause: error,
    data: { id, peer },
  });
}
