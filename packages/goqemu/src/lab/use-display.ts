import { GoqemuError } from '@goqemu/core';
import type { Display } from '@goqemu/machine';
import type { ReachedMachine } from './reach-machine.ts';

/**
 * Does something with the display of a machine of a lab, over the monitor for readers: in its turn, and others wait for theirs.
 *
 * @throws GoqemuError `display-absent`
 */
export async function useDisplay<T>(
  { name, found, endpoints }: ReachedMachine,
  work: (display: Display) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  if (!found.spec.display) throw screenAbsent(`machine ${JSON.stringify(name)}`);
  const { Display } = await import('@goqemu/machine');
  await using monitor = await endpoints.openMonitor(signal);
  return await work(new Display(monitor));
}

/** @param title of the machine, as errors name it */
export function screenAbsent(title: string): GoqemuError {
  return new GoqemuError({
    code: 'display-absent',
    source: 'user',
    subject: title,
    message: `${title} has no screen`,
    hint: 'give it one with display: true; a machine that is there is started again for it',
  });
}
