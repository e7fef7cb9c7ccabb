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
  // Of a union, the branch that went furthest is the one that was meant.
  const branch = [...(mistake.errors ?? [])].sort((a, b) => depth(b) - depth(a))[0];
  if (branch && depth(branch) > 0) return branch.flatMap((inner) => describe(inner, path));
  const got =
    mistake.input === undefined ? '' : `, got ${shorten(JSON.stringify(mistake.input) ?? typeof mistake.input)}`;
  const message = /, (got|received) /.test(mistake.message)
    ? mistake.message.replace(/, received .*$/, got)
    : `${mistake.message}${got}`;
  return [`${optionName(path)}: ${message.replace(/^Invalid [^:]*: /, '')}`];
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
