/**
 * Checks the files that goqemu itself writes, when they are read again. A schema library does more than they need and
 * takes longer to load and to warm up than a plan with nothing to do takes otherwise; what users write is checked by zod.
 *
 * A shape gives the value it was given, with defaults filled in: it is meant for values fresh from `JSON.parse`. What it
 * does not name stays: a later version may know more.
 */
export type Shape<T> = ((value: unknown) => T) & { readonly optional?: boolean };

/** What a shape says its values are. */
export type ShapeOf<S> = S extends (value: unknown) => infer T ? T : never;

/** Where a value differs from its shape, and how. */
export class ShapeMismatch extends Error {
  override readonly name = 'ShapeMismatch';
  readonly expected: string;
  /** From the top down. */
  readonly path: string[] = [];

  constructor(expected: string, value: unknown) {
    super(`expected ${expected}, got ${described(value)}`);
    this.expected = expected;
  }

  /** `machines.web.cpus: expected a number, got text` */
  get where(): string {
    return `${this.path.join('.') || 'its top'}: ${this.message}`;
  }
}

export const anything: Shape<unknown> = (value) => value;

export const flag: Shape<boolean> = (value) => {
  if (typeof value !== 'boolean') throw new ShapeMismatch('true or false', value);
  return value;
};

export function text(pattern?: RegExp): Shape<string> {
  return (value) => {
    if (typeof value !== 'string') throw new ShapeMismatch('text', value);
    if (pattern && !pattern.test(value)) throw new ShapeMismatch(`text like ${pattern.source}`, value);
    return value;
  };
}

/** A moment as `Date.prototype.toISOString` writes it. */
export const timestamp = text(/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z$/);

export const number: Shape<number> = (value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ShapeMismatch('a number', value);
  return value;
};

export function wholeNumber(least: number): Shape<number> {
  return (value) => {
    if (!Number.isSafeInteger(value) || (value as number) < least)
      throw new ShapeMismatch(`a whole number of at least ${least}`, value);
    return value as number;
  };
}

export function oneOf<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return (value) => {
    if (!values.includes(value as T))
      throw new ShapeMismatch(values.map((one) => JSON.stringify(one)).join(' or '), value);
    return value as T;
  };
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value));
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> & { readonly optional: true } {
  return Object.assign((value: unknown) => (value === undefined ? undefined : shape(value)), {
    optional: true as const,
  });
}

export function withDefault<T>(shape: Shape<T>, missing: T): Shape<T> {
  return (value) => (value === undefined ? missing : shape(value));
}

/** The first of these that fits; the last one says what is wrong. */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return (value) => {
    try {
      return first(value);
    } catch (error) {
      if (!(error instanceof ShapeMismatch)) throw error;
      return second(value);
    }
  };
}

export function list<T>(item: Shape<T>): Shape<T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new ShapeMismatch('a list', value);
    for (let index = 0; index < value.length; index++) checkMember(value, index, item);
    return value as T[];
  };
}

/** Rows under names that are not known beforehand. */
export function table<T>(row: Shape<T>): Shape<Record<string, T>> {
  return (value) => {
    const rows = objectOf(value);
    for (const name of Object.keys(rows)) checkMember(rows, name, row);
    return rows as Record<string, T>;
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly optional: true } ? K : never;
}[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };

export type RecordOf<F extends Fields> = Flat<
  { [K in Exclude<keyof F, OptionalNames<F>>]: ShapeOf<F[K]> } & { [K in OptionalNames<F>]?: ShapeOf<F[K]> }
>;

export function fields<F extends Fields>(shapes: F): Shape<RecordOf<F>> {
  const entries = Object.entries(shapes);
  return (value) => {
    const record = objectOf(value);
    for (const [name, shape] of entries) checkMember(record, name, shape);
    return record as RecordOf<F>;
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ShapeMismatch('an object', value);
}

function checkMember<K extends string | number>(holder: Record<K, unknown>, name: K, shape: Shape<unknown>): void {
  // What an object inherits is not in the file.
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  try {
    const checked = shape(value);
    if (checked !== value) holder[name] = checked;
  } catch (error) {
    if (error instanceof ShapeMismatch) error.path.unshift(String(name));
    throw error;
  }
}

function described(value: unknown): string {
  if (value === null || value === undefined) return value === null ? 'null' : 'nothing';
  if (typeof value === 'string') return value.length > 40 ? 'other text' : JSON.stringify(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : String(value);
}

/** What a file holds; undefined where that is no JSON or another shape. */
export function readShaped<T>(content: string, shape: Shape<T>): T | undefined {
  try {
    return shape(JSON.parse(content));
  } catch (error) {
    if (error instanceof ShapeMismatch || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
