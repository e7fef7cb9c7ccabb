import { hostProcessTable, type Logger } from '@goqemu/core';
import type { GuestAgentClient } from '@goqemu/protocol';
import { AgentPort } from './agent-port.ts';
import type { AgentOptions } from './machine-options.ts';
import type { MachineRecord } from './machine-record.ts';

/**
 * The guest agent of a machine whose monitor another process may hold; closing the client gives the turn back.
 *
 * @throws GoqemuError `agent-absent`, `locked`, `qga-not-responding`
 */
export async function withAgent<T>(
  record: MachineRecord,
  { logger, ...options }: AgentOptions & { readonly logger: Logger },
  work: (agent: GuestAgentClient) => Promise<T>,
): Promise<T> {
  const port = new AgentPort(record, hostProcessTable(), logger);
  try {
    await using agent = await port.client(options);
    return await work(agent);
  } finally {
    await port.close();
  }
}
