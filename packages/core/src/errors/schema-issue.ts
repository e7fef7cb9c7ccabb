import { shownValue } from '../text/shown-value.ts';

/** What a schema found wrong: an issue of zod, of whatever edition and instance. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  /** The value, where the schema was asked to report it. */
  readonly input?: unknown;
  /** Of a union: what each of its branches found. */
  readonly errors?: readonly (readonly SchemaIssue[])[];
}

/** What zod says of a mistake by the code of the issue, as far as it is used here. */
type Facts = SchemaIssue & {
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly divisor?: number;
  readonly format?: string;
  readonly keys?: readonly string[];
  /** Of a union whose branch one property decides: that property, and its values. */
  readonly discriminator?: string;
  readonly options?: readonly unknown[];
  /** Of a name in a record: what is wrong with it. */
  readonly issues?: readonly SchemaIssue[];
};

const typeWords: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  nan: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  function: 'a function',
};

const formatWords: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  url: 'a URL',
  uuid: 'a UUID',
  guid: 'a UUID',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidrv4: 'an IPv4 range such as 10.0.0.0/24',
  cidrv6: 'an IPv6 range such as fd00::/64',
  datetime: 'a date and time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  time: 'a time such as 12:00:00',
  regex: 'another form of text',
};

/**
 * A mistake in goqemu's words: `expected a whole number`. A message that the author of the schema wrote stays as it is.
 */
export function issueWords(issue: SchemaIssue): string {
  if (!/^(?:Invalid|Too (?:big|small)|Unrecognized|Number must|String must|Required)\b/.test(issue.message))
    return issue.message;
  return wordsOf(issue) ?? 'expected another value';
}

function wordsOf(issue: Facts): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeWords[issue.expected ?? ''] ?? issue.expected ?? 'another value'}`;
    case 'invalid_value':
      return expectedOneOf(issue.values);
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${counted(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${counted(issue.maximum, issue.origin)}`;
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `expected ${formatWords[issue.format ?? ''] ?? `text in the form ${issue.format}`}`;
    case 'unrecognized_keys':
      return `there is no option ${(issue.keys ?? []).map((key) => `"${key}"`).join(' or ')}`;
    case 'invalid_union':
      return issue.errors?.length ? `expected ${alternatives(issue.errors)}` : expectedOneOf(issue.options);
    case 'invalid_key':
      return issue.issues?.[0] && `as a name, ${issueWords(issue.issues[0])}`;
    default:
      return undefined;
  }
}

function expectedOneOf(values: readonly unknown[] | undefined): string | undefined {
  return values && `expected ${values.map((value) => JSON.stringify(value)).join(' or ')}`;
}

/** Numbers as they are; of a text its characters, of a list its items. */
function counted(limit: number | bigint | undefined, origin: string | undefined): string {
  const what = origin === 'string' ? 'character' : origin === 'array' || origin === 'set' ? 'item' : undefined;
  return what === undefined ? String(limit) : `${limit} ${what}${Number(limit) === 1 ? '' : 's'}`;
}

/** What each branch of a union would have taken. */
function alternatives(branches: readonly (readonly SchemaIssue[])[]): string {
  const each = branches
    .flatMap((branch) => branch.slice(0, 1))
    .map((first) => issueWords(first).replace(/^expected /, ''));
  return [...new Set(each)].join(' or ');
}

/** `, got "many"`: the value of an issue, where it was reported and says more than the issue. */
export function gotWords(issue: SchemaIssue): string {
  if (!('input' in issue) || issue.code === 'unrecognized_keys') return '';
  const { discriminator, input } = issue as Facts;
  const value = discriminator === undefined ? input : (input as Readonly<Record<string, unknown>>)[discriminator];
  return `, got ${value === undefined ? 'nothing' : shownValue(value)}`;
}
