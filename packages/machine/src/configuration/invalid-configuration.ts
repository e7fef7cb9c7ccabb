import { GoqemuError, gotWords, issueWords, type SchemaIssue } from '@goqemu/core';

/** One error for all mistakes of a configuration, each with its option, what was expected and what was got. */
export function configurationError(mistakes: readonly SchemaIssue[]): GoqemuError {
  const lines = mistakes.flatMap((mistake) => describe(mistake, []));
  return new GoqemuError({
    code: 'machine-config-invalid',
    source: 'user',
    message: lines[0] ?? 'the configuration of the machine is invalid',
    ...(lines.length > 1 ? { detail: lines.slice(1).join('\n') } : {}),
    hint: '"goqemu help machine" lists every option of a machine',
    data: { mistakes: lines },
  });
}

function describe(mistake: SchemaIssue, parent: readonly PropertyKey[]): string[] {
  const path = [...parent, ...mistake.path];
  const branches = mistake.errors ?? [];
  // Of a union, the branch that went furthest is the one that was meant.
  const meant = [...branches].sort((a, b) => depth(b) - depth(a))[0];
  if (meant && depth(meant) > 0) return meant.flatMap((inner) => describe(inner, path));
  return [`${optionName(path)}: ${issueWords(mistake)}${gotWords(mistake)}`];
}

function depth(branch: readonly SchemaIssue[]): number {
  return Math.max(0, ...branch.map((mistake) => mistake.path.length));
}

function optionName(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || 'configuration';
}
