import { resolve } from 'node:path';
import { type ErrorCode, type SourceLocation, shownValue } from '@goqemu/core';
import { checkFlag, checkNamed } from './check-shapes.ts';
import { labError } from './lab-error.ts';

/** Checks the values that steps are declared with; what is wrong is an error with the place in the lab. */
export class StepOptionChecks {
  readonly #machine: string;
  readonly #labFolder: string;
  readonly #place: () => SourceLocation | undefined;

  constructor(machine: string, labFolder: string, place: () => SourceLocation | undefined) {
    this.#machine = machine;
    this.#labFolder = labFolder;
    this.#place = place;
  }

  /** A path on this host; relative ones begin at the lab's folder. */
  hostPath(path: string): string {
    if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(this.#labFolder, path);
    throw this.#wrong('path-invalid', `${shownValue(path)} is not a path`, 'name a file or a folder');
  }

  guestPath(path: string, option: string): string {
    if (typeof path === 'string' && path.startsWith('/') && !path.includes('\0')) return path;
    const message = `${option} must be an absolute path in the guest, got ${shownValue(path)}`;
    throw this.#wrong('path-invalid', message, 'write a path that begins with "/"');
  }

  mode(mode: number): number {
    if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
    const message = `mode must be permission bits from 0 to 0o7777, got ${shownValue(mode)}`;
    throw this.#wrong('mode-invalid', message, 'write an octal number such as 0o644');
  }

  maxBytes(bytes: number): number {
    if (Number.isInteger(bytes) && bytes >= 1 && bytes <= 2 ** 24) return bytes;
    const message = `maxBytes must be a whole number of bytes from 1 to 16777216, got ${shownValue(bytes)}`;
    throw this.#wrong('max-bytes-invalid', message, 'copy what is larger as a file, with goqemu cp');
  }

  flag(value: unknown, option: string): boolean {
    return checkFlag(value, { subject: this.#machine, option, place: this.#place });
  }

  named<T extends object>(value: T, option: string, example: string): T {
    return checkNamed(value, { subject: this.#machine, option, place: this.#place }, example);
  }

  owner(owner: string): string {
    if (typeof owner === 'string' && /^[a-z_][a-z0-9_.-]*\$?(:[a-z_][a-z0-9_.-]*\$?)?$/i.test(owner)) return owner;
    const message = `owner must be "user" or "user:group", got ${shownValue(owner)}`;
    throw this.#wrong('owner-invalid', message, 'write "www-data:www-data"');
  }

  user(user: string): string {
    if (typeof user === 'string' && /^[a-z_][a-z0-9_.-]*\$?$/i.test(user)) return user;
    throw this.#wrong('user-invalid', `${shownValue(user)} is not a user name`, 'write a name such as "debian"');
  }

  /** A name of a step or checkpoint that no other one of the machine has. */
  newName(
    what: 'step' | 'checkpoint',
    name: string,
    taken: readonly { readonly name: string }[],
    forbidden: { readonly characters: RegExp; readonly words: string },
  ): void {
    if (typeof name !== 'string' || name === '' || name.length > 255 || forbidden.characters.test(name)) {
      const message = `${shownValue(name)} is not a name for a ${what}`;
      throw this.#wrong(`${what}-name-invalid`, message, `choose 1 to 255 characters without ${forbidden.words}`);
    }
    if (!taken.some((one) => one.name === name)) return;
    throw labError(`${what}-duplicate`, {
      message: `${this.#machine} has two ${what}s called "${name}"`,
      location: this.#place(),
      hint: `give each ${what} of a machine its own name`,
      subject: this.#machine,
    });
  }

  #wrong(code: ErrorCode, message: string, hint: string) {
    return labError(code, {
      message: `${this.#machine}: ${message}`,
      location: this.#place(),
      hint,
      subject: this.#machine,
    });
  }
}
