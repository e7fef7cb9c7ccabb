import {
  type ByteSize,
  checkResourceName,
  type ErrorCode,
  parseByteSize,
  type SourceLocation,
  shownValue,
} from '@goqemu/core';
import {
  type IgnorableOptionName,
  machineProperties,
  propertiesWith,
  propertyRows,
  type Rule,
  type RuledProperty,
  type SimpleProperty,
} from '@goqemu/spec';
import type { IgnorableProperty, MachineOptions } from '../definition/machine-options.ts';
import { checkFlag } from './check-shapes.ts';
import { labError, locate, suggestion } from './lab-error.ts';

/** What `ignoreChanges` may name. */
const ignorable: readonly IgnorableProperty[] = [
  'image',
  ...propertyRows.flatMap(([, { option }]) => (option?.ignored ? [option.name as IgnorableOptionName] : [])),
  'steps',
];

/** What a machine has from the one in `from`. */
const fixed = [
  'image',
  ...propertiesWith('derived', 'fixed').map((property) => machineProperties[property].option.name),
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
      `${option} must be one of ${allowed.join(', ')}, got ${shownValue(value)}`,
      suggestion(String(value), allowed),
    );
  }

  label(value: string | undefined, option: string): string | undefined {
    if (value === undefined) return undefined;
    return locate(this.#place, () => checkResourceName(value, `${this.#name}: ${option}`));
  }

  /** What a machine has from the one in `from` cannot be given to it: it would be left out. */
  inherited(options: MachineOptions): void {
    const given = fixed.find((name) => options[name] !== undefined);
    if (given === undefined) return;
    const message = `a machine with from has the ${given} of that machine`;
    throw this.#wrong('option-inherited', message, `leave ${given} out, or leave from out`);
  }

  firmwareFits(firmware: string, arch: string): void {
    if (arch !== 'arm64' || firmware !== 'bios') return;
    throw this.#wrong('firmware-invalid', 'arm64 has no BIOS', "leave firmware out, or write 'uefi'");
  }

  /** The value of an option that sets one property, by its row in the table. */
  value(property: SimpleProperty, written: unknown): unknown {
    const { value: rule } = machineProperties[property].option;
    if (rule.kind === 'choice') return this.oneOf(written as string, rule.values, property);
    if (rule.kind === 'flag') return this.flag(written, property);
    const value = rule.kind === 'size' ? this.#bytes(written as ByteSize, property) : written;
    const { fits, expected, hint } = rule as Rule<unknown>;
    if (fits(value)) return value;
    const message = `${property} must be ${expected}, got ${shownValue(written)}`;
    throw this.#wrong(`${property as RuledProperty}-invalid`, message, hint);
  }

  image(image: string): string {
    if (typeof image === 'string' && image !== '' && !/\p{Cc}/u.test(image)) return image;
    const message = `image must be a catalogue name, a URL or an absolute path, got ${shownValue(image)}`;
    throw this.#wrong('image-invalid', message, "write image: 'debian-12'");
  }

  flag(value: unknown, option: string): boolean {
    return checkFlag(value, { subject: this.#name, option, place: this.#place });
  }

  ignored(written: readonly IgnorableProperty[]): readonly IgnorableProperty[] {
    if (Array.isArray(written)) return written.map((property) => this.oneOf(property, ignorable, 'ignoreChanges'));
    const message = `ignoreChanges must be a list, got ${shownValue(written)}`;
    throw this.#wrong('option-invalid', message, "write ignoreChanges: ['memory']");
  }

  #bytes(value: ByteSize, option: string): number {
    return locate(this.#place, () => parseByteSize(value, `${this.#name}: ${option}`));
  }

  #wrong(code: ErrorCode, message: string, hint: string) {
    return labError(code, { message: `${this.#name}: ${message}`, location: this.#place(), hint, subject: this.#name });
  }
}
