import { GoqemuError } from '../errors/goqemu-error.ts';
import { shownValue } from '../text/shown-value.ts';

/** Longest label of a host name, RFC 1123 §2.1 and RFC 1035 §2.3.4. */
const longest = 63;

/**
 * Names of labs, stacks and machines become folder names and host names, so they are host-name labels
 * (RFC 1123): letters, digits and inner hyphens, at most 63 of them; and none of those that Windows has for devices.
 *
 * @throws GoqemuError `name-invalid`
 */
export function checkResourceName(name: string, what: string): string {
  if (isResourceName(name)) return name;
  if (typeof name === 'string' && isDevice(name)) {
    throw new GoqemuError({
      code: 'name-invalid',
      source: 'user',
      subject: what,
      message: `${what}: ${JSON.stringify(name)} is the name of a device of Windows, which no folder there can have`,
      hint: `choose another name, such as "${name}-1": a lab is for every host`,
    });
  }
  throw new GoqemuError({
    code: 'name-invalid',
    source: 'user',
    subject: what,
    message: `${what}: ${shownValue(name)} is not a name that a machine or a folder can have`,
    detail: `expected 1 to ${longest} letters, digits and hyphens, beginning and ending with a letter or a digit (RFC 1123)`,
    hint: 'choose a name such as "web-1"',
  });
}

export function isResourceName(name: unknown): name is string {
  if (typeof name !== 'string' || name.length > longest || isDevice(name)) return false;
  return /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(name);
}

/** Windows has these in every folder (Microsoft, “Naming Files, Paths, and Namespaces”). */
function isDevice(name: string): boolean {
  return /^(?:con|prn|aux|nul|com\d|lpt\d)$/i.test(name);
}
