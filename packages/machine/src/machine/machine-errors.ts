import { GoqemuError } from '@goqemu/core';
import type { MachineRecord } from './machine-record.ts';
import type { StopStep } from './stop-ladder.ts';

export function agentAbsent(name: string): GoqemuError {
  return new GoqemuError({
    code: 'agent-absent',
    source: 'user',
    subject: name,
    message: `machine "${name}" has no port for a guest agent`,
    hint: 'start it with guestAgent: true',
  });
}

export function standbyPortAbsent(name: string): GoqemuError {
  return new GoqemuError({
    code: 'standby-port-absent',
    source: 'user',
    subject: name,
    message: `machine "${name}" has no port for a process on standby`,
    hint: 'start it with standbyPort: true',
  });
}

/** Its path belongs to another QEMU now. */
export function takenOver(record: MachineRecord): GoqemuError {
  return new GoqemuError({
    code: 'machine-replaced',
    source: 'environment',
    subject: record.name,
    message: `process ${record.pid} of machine "${record.name}" runs, but another process answers at its monitor's socket`,
    hint: 'two QEMUs were started with the same socket: end one of them yourself, with its own monitor or a signal',
    data: { pid: record.pid },
  });
}

export function unstoppable(record: MachineRecord, steps: readonly StopStep[]): GoqemuError {
  return new GoqemuError({
    code: 'machine-unstoppable',
    source: 'environment',
    subject: record.name,
    message: `machine "${record.name}" (process ${record.pid}) did not end`,
    detail: steps.map(({ rung, outcome, reason }) => `${rung}: ${outcome}${reason ? `, ${reason}` : ''}`).join('\n'),
    hint: 'a process that survives SIGKILL waits in the kernel for a disk or a network: look at its state with ps',
    data: { pid: record.pid },
  });
}
