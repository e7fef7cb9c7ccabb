import { GoqemuError } from '@goqemu/core';
import type { ProbedMachine } from '../probes/probe.ts';
import type { TestedScreen } from './tested-screen.ts';

/** @throws GoqemuError `expectation-unsupported` for a guest that is no machine of goqemu's */
export function screenOf({ guest, name }: ProbedMachine): TestedScreen {
  if (guest.screen) return guest.screen;
  throw new GoqemuError({
    code: 'expectation-unsupported',
    source: 'user',
    subject: name,
    message: `${name} has no screen that could be looked at`,
    hint: 'give probesOf() a QemuVM, or a machine of a lab',
  });
}
