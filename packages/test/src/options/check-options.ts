import { GoqemuError, nearestWord, shownValue } from '@goqemu/core';

/** The error of an option that is not what it should be, in the words of the SDK's. */
export function optionInvalid(what: string, option: string, expected: string, got: unknown): GoqemuError {
  return new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject: what,
    message: `${what}: ${option ? `${option}: ` : ''}expected ${expected}, got ${shownValue(got)}`,
    hint: '"goqemu help matchers" lists what each takes',
  });
}

/**
 * An object with no other properties than these.
 *
 * @throws GoqemuError `option-invalid`
 */
export function checkOptions<T extends object>(what: string, given: unknown, names: readonly (keyof T & string)[]): T {
  if (given === undefined) return {} as T;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw optionInvalid(what, 'options', `an object with ${names.join(', ')}`, given);
  for (const name of Object.keys(given)) {
    if ((names as readonly string[]).includes(name)) continue;
    const meant = nearestWord(name, names);
    throw optionInvalid(
      what,
      name,
      `one of the options ${names.join(', ')}`,
      meant ? `${name}; did you mean ${meant}?` : name,
    );
  }
  return given as T;
}

/** @throws GoqemuError `option-invalid` */
export function checkText(what: string, option: string, value: unknown, expected = 'a text'): string {
  if (typeof value !== 'string' || value === '') throw optionInvalid(what, option, expected, value);
  if (value.includes('\0')) throw optionInvalid(what, option, `${expected} without NUL characters`, value);
  return value;
}

/** A name that a guest's tools take as one: no option, no pattern, no path. @throws GoqemuError `option-invalid` */
export function checkName(what: string, value: unknown, expected: string): string {
  const name = checkText(what, 'name', value, expected);
  if (!/^[A-Za-z0-9_.:@\\+$][A-Za-z0-9_.:@\\+$-]*$/.test(name) || name.length > 255)
    throw optionInvalid(what, 'name', `${expected}, of letters, digits and _ . : @ + $ \\ -`, name);
  return name;
}

/** @throws GoqemuError `option-invalid` */
export function checkPath(what: string, value: unknown): string {
  const path = checkText(what, 'path', value, 'an absolute path in the guest');
  if (!path.startsWith('/')) throw optionInvalid(what, 'path', 'an absolute path in the guest', path);
  return path;
}
