import { GoqemuError } from '@goqemu/core';
import { type MachineRecord, openEndpoint, openReader } from '@goqemu/machine';
import type { QmpClient, Transport } from '@goqemu/protocol';

/** The monitor for reading commands, in turn with others. */
export function openMonitor(record: MachineRecord, signal: AbortSignal): Promise<QmpClient> {
  return openReader(record, { command: 'goqemu qmp', signal });
}

/** @throws GoqemuError `console-absent` for a machine without a serial port to attach to */
export async function openConsole(machine: string, record: MachineRecord, signal: AbortSignal): Promise<Transport> {
  const { console } = record.sockets;
  if (console) return openEndpoint(console, signal);
  throw new GoqemuError({
    code: 'console-absent',
    source: 'user',
    subject: machine,
    message: `machine ${machine} has no serial console to attach to`,
    hint: `read what it wrote with: goqemu logs ${machine}`,
  });
}
