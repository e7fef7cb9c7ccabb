import { GoqemuError } from '@goqemu/core';

/** Of a place whose machines cannot be suspended at all. */
export function cannotKeepRam(backend: string, machine?: string): GoqemuError {
  return new GoqemuError({
    code: 'suspend-refused',
    source: 'environment',
    ...(machine === undefined ? {} : { subject: machine }),
    message: `the backend "${backend}" cannot keep the RAM of a machine`,
    hint: `shut it down instead: goqemu stop${machine === undefined ? '' : ` ${machine}`}`,
  });
}
