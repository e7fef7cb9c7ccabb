import { GoqemuError } from '@goqemu/core';
import { suggestion } from '../evaluate/lab-error.ts';

/** A name that no machine has, with the nearest one. */
export function machineUnknown(name: string, machines: readonly string[]): GoqemuError {
  return new GoqemuError({
    code: 'machine-unknown',
    source: 'user',
    subject: name,
    message: `no machine of this lab is called "${name}"`,
    hint: machines.length > 0 ? suggestion(name, machines) : 'apply the lab first',
  });
}
