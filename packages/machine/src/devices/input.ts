import { GoqemuError } from '@goqemu/core';
import type { ExecuteOptions, QmpArguments, QmpClient } from '@goqemu/protocol';

export type InputEvent = QmpArguments<'input-send-event'>['events'][number];

/**
 * Sends input to the guest, each group as one movement of the hand. For a machine that does not run QEMU refuses it, as
 * it drops what `send-key` was given; the state is asked for along with it. Unlike `send-key`, whose queue holds 1,024
 * entries and loses the rest, `input-send-event` answers when the device has it (QEMU ui/input.c, 7.2).
 *
 * @returns false when the machine does not run: the guest got nothing, or not all of it
 */
export async function sendInput(
  qmp: QmpClient,
  groups: readonly (readonly InputEvent[])[],
  options: ExecuteOptions,
): Promise<boolean> {
  // Sent at once: no other command comes between them.
  const inputs = groups.map((events) => qmp.execute('input-send-event', { events: [...events] }, options));
  const sent = Promise.allSettled(inputs);
  const { status } = await qmp.execute('query-status', undefined, options);
  if (status !== 'running' && status !== 'suspended') return false;
  const failed = (await sent).find((result) => result.status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return true;
}

/** @param what got lost, as the start of a sentence */
export function inputDropped(what: string, data: Readonly<Record<string, unknown>> = {}): GoqemuError {
  return new GoqemuError({
    code: 'input-dropped',
    source: 'user',
    message: `${what}: the machine does not run, and QEMU drops input meanwhile`,
    hint: 'resume the machine first',
    data,
  });
}
