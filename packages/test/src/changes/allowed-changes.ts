import { checkOptions, checkPath, checkText, optionInvalid } from '../options/check-options.ts';

/** What may have changed on a machine. */
export interface AllowedChanges {
  /** Names of packages, with the files that they own. @default none @example ['curl', /^postgresql/] */
  readonly packages?: readonly (string | RegExp)[];
  /** Absolute paths: `*` and `?` stay within one name, `**` does not, `/etc/**` is the folder and all below it. @default none */
  readonly files?: readonly (string | RegExp)[];
}

/** The same, read. */
export type ChangeRules = Required<AllowedChanges>;

/** @throws GoqemuError `option-invalid` */
export function readAllowed(what: string, allowed: unknown): ChangeRules {
  if (allowed === undefined) throw optionInvalid(what, 'allowed', 'an object with packages and files', allowed);
  const { packages = [], files = [] } = checkOptions<AllowedChanges>(what, allowed, ['packages', 'files']);
  for (const [name, list] of Object.entries({ packages, files })) {
    if (!Array.isArray(list)) throw optionInvalid(what, name, 'a list of texts and regular expressions', list);
  }
  for (const one of packages)
    if (!(one instanceof RegExp)) checkText(what, 'packages', one, 'a name or a regular expression');
  for (const one of files) if (!(one instanceof RegExp)) checkPath(`${what}: files`, one);
  return { packages: packages.map(stateless), files: files.map(stateless) };
}

/** An expression with the flag `g` or `y` would continue where it was. */
function stateless(rule: string | RegExp): string | RegExp {
  return typeof rule === 'string' ? rule : new RegExp(rule.source, rule.flags.replace(/[gy]/g, ''));
}

export function rulesWords({ packages, files }: ChangeRules): string {
  const parts = [
    packages.length > 0 ? `packages ${packages.join(', ')}` : '',
    files.length > 0 ? `files ${files.join(', ')}` : '',
  ].filter(Boolean);
  return parts.length > 0 ? `of ${parts.join(' and of ')}` : 'those that happen by themselves';
}
