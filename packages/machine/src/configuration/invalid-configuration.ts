import { GoqemuError } from '@goqemu/core';

interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  readonly errors?: readonly (readonly Mistake[])[];
}

/** One error for all mistakes of a configuration, each with its option, what was expected and what was got. */
export function configurationError(mistakes: readonly Mistake[]): GoqemuError {
  const lines = mistakes.flatMap((mistake) => describe(mistake, []));
  return new GoqemuError({
    code: 'machine-config-invalid',
    source: 'user',
    message: lines[0] ?? 'the configuration of the machine is invalid',
    ...(lines.length > 1 ? { detail: lines.slice(1).join('\n') } : {}),
    hint: 'see docs/machine.md for every option of a machine',
    data: { mistakes: lines },
  });
}

function describe(mistake: Mistake, parent: readonly PropertyKey[]): string[] {
  const path = [...parent, ...mistake.path];
  const branches = mistake.errors ?? [];
  // Of a union, the branch that went furthest is the one that was meant.
  const meant = [...branches].sort((a, b) => depth(b) - depth(a))[0];
  if (meant && depth(meant) > 0) return meant.flatMap((inner) => describe(inner, path));
  const expected = branches.length > 0 ? `expected ${alternatives(branches)}` : expectation(mistake.message);
  return [`${optionName(path)}: ${expected}${got(mistake)}`];
}

/** What each branch of a union would have taken. */
function alternatives(branches: readonly (readonly Mistake[])[]): string {
  const each = branches
    .flatMap((branch) => branch.slice(0, 1))
    .flatMap((first) =>
      first.errors?.length ? [alternatives(first.errors)] : [expectation(first.message).replace(/^expected /, '')],
    );
  return [...new Set(each)].join(' or ');
}

/** Zod's own messages in the words of the others: `expected …`. */
function expectation(message: string): string {
  return message
    .replace(/, received .*$/, '')
    .replace(/^(Invalid input|Invalid option|Too big|Too small): /, '')
    .replace(/^Invalid discriminator value\. Expected /, 'expected ')
    .replace(/^Invalid (ISO datetime|UUID)$/, 'expected a valid $1');
}

function got({ message, path, input }: Mistake): string {
  if (input === undefined || message.startsWith('Unrecognized key')) return '';
  const last = path.at(-1);
  const discriminator = message.startsWith('Invalid discriminator') && last !== undefined;
  const value = discriminator ? (input as Record<PropertyKey, unknown>)[last] : input;
  return `, got ${shorten(JSON.stringify(value) ?? 'nothing')}`;
}

function depth(branch: readonly Mistake[]): number {
  return Math.max(0, ...branch.map((mistake) => mistake.path.length));
}

function optionName(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || 'configuration';
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
