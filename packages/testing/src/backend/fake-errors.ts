import { GoqemuError } from '@goqemu/core';
import type { MachineSpec } from '@goqemu/lab';

export function refused(subject: string | { readonly name: string }, why: string): GoqemuError {
  const name = typeof subject === 'string' ? subject : subject.name;
  return new GoqemuError({
    code: 'fake-refused',
    source: 'internal',
    subject: name,
    message: `the fake backend refuses to touch ${name}: ${why}`,
  });
}

export function stepFailed(subject: string, command: string, exitCode: number, output: string): GoqemuError {
  return new GoqemuError({
    code: 'step-failed',
    source: 'user',
    subject,
    message: `${subject} ended with exit code ${exitCode}`,
    detail: output,
    hint: 'fix the script and apply again',
    data: { command, exitCode, output },
  });
}

export function ramLost(machine: MachineSpec, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'ram-lost',
    source: 'environment',
    subject: machine.name,
    message: `${machine.name} cannot resume: ${reason}`,
    hint: `boot from its disk: goqemu start ${machine.name}`,
  });
}
