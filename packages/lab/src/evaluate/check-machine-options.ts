import { checkResourceName, type ErrorCode, parseByteSize, type SourceLocation } from '@goqemu/core';
import { machineRules, type Rule } from '@goqemu/spec';
import type { MachineOptions } from '../definition/machine-options.ts';
import { labError, locate, suggestion } from './lab-error.ts';

/** Properties that a machine may be told not to change. */
export const ignorable = [
  'image',
  'arch',
  'firmware',
  'accelerator',
  'memory',
  'cpus',
  'disk',
  'user',
  'hostname',
  'forward',
  'steps',
] as const;

/** Checks the values that a machine is declared with; what is wrong is an error with the place in the lab. */
export class MachineOptionChecks {
  readonly #name: string;
  readonly #place: () => SourceLocation | undefined;

  constructor(name: string, place: () => SourceLocation | undefined) {
    this.#name = name;
    this.#place = place;
  }

  oneOf<T extends string>(value: string, allowed: readonly T[], option: string): T {
    const found = allowed.find((one) => one === value);
    if (found !== undefined) return found;
    throw this.#wrong(
      'option-invalid',
      `${option} must be one of ${allowed.join(', ')}, got ${JSON.stringify(value)}`,
      suggestion(String(value), allowed),
    );
  }

  /** Bytes. */
  size(value: Parameters<typeof parseByteSize>[0], option: string): number {
    return locate(this.#place, () => parseByteSize(value, `${this.#name}: ${option}`));
  }

  label(value: string | undefined, option: string): string | undefined {
    if (value === undefined) return undefined;
    return locate(this.#place, () => checkResourceName(value, `${this.#name}: ${option}`));
  }

  /** What a machine has from the one in `from` cannot be given to it: it would be left out. */
  inherited(options: MachineOptions): void {
    const given = (['image', 'disk', 'arch', 'firmware', 'user'] as const).find((name) => options[name] !== undefined);
    if (given === undefined) return;
    const message = `a machine with from has the ${given} of that machine`;
    throw this.#wrong('option-inherited', message, `leave ${given} out, or leave from out`);
  }

  firmwareFits(firmware: string, arch: string): void {
    if (arch !== 'arm64' || firmware !== 'bios') return;
    throw this.#wrong('firmware-invalid', 'arm64 has no BIOS', "leave firmware out, or write 'uefi'");
  }

  /** Bytes. */
  memory(value: Parameters<typeof parseByteSize>[0]): number {
    return this.#ruled('memory', this.size(value, 'memory'), value);
  }

  cpus(cpus: number): number {
    return this.#ruled('cpus', cpus);
  }

  image(image: string): string {
    if (typeof image === 'string' && image !== '' && !/\p{Cc}/u.test(image)) return image;
    const message = `image must be a catalogue name, a URL or an absolute path, got ${JSON.stringify(image)}`;
    throw this.#wrong('image-invalid', message, "write image: 'debian-12'");
  }

  user(user: string | undefined): string | undefined {
    return user === undefined ? undefined : this.#ruled('user', user);
  }

  #ruled<T>(option: keyof typeof machineRules, value: T, written: unknown = value): T {
    const { fits, expected, hint } = machineRules[option] as Rule<T>;
    if (fits(value)) return value;
    throw this.#wrong(`${option}-invalid`, `${option} must be ${expected}, got ${JSON.stringify(written)}`, hint);
  }

  #wrong(code: ErrorCode, message: string, hint: string) {
    return labError(code, `${this.#name}: ${message}`, this.#place(), hint, this.#name);
  }
}
