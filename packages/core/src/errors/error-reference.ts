import { errorCodes } from './error-codes.ts';
import type { ErrorMeaning } from './error-meaning.ts';

/** docs/errors.md: every code from the registry that the compiler checks. */
export function renderErrorReference(): string {
  return [
    '# Errors',
    '',
    '<!-- Written by `npm run docs` from packages/core/src/errors/codes; do not edit. -->',
    '',
    'Every error of goqemu is a `GoqemuError`: a stable `code`, a `message`, often a `detail`, and a `hint` that says what to do',
    'in this case. `source` says who can fix it: `user`, `environment` (the host or the guest) or `internal` (goqemu).',
    '',
    "`hasErrorCode(error, 'locked')` asks for one, and a code that does not exist does not compile. What comes from outside",
    'keeps its own words in `data`: the errno of a file, the class of a QMP error, the exit code of a tool.',
    '',
    ...Object.values(errorCodes).flatMap(({ title, codes }) => section(title, codes)),
  ].join('\n');
}

function section(title: string, codes: Readonly<Record<string, ErrorMeaning>>): readonly string[] {
  const rows = Object.entries(codes).map(([code, { when, fix }]) => `| \`${code}\` | ${cell(when)} | ${cell(fix)} |`);
  return [`## ${title}`, '', '| code | when | what to do |', '|---|---|---|', ...rows, ''];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
