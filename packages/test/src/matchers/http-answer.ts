import type { TestedCommandResult } from '../tested-guest.ts';
import { bodyLimit } from './http-request.ts';

export type HttpAnswer =
  | {
      readonly status: number;
      readonly phrase: string;
      /** By lower-case name; what comes several times is joined by commas. */
      readonly headers: ReadonlyMap<string, string>;
      readonly body: string;
      /** False for a body that is not here, or only its beginning. */
      readonly isWhole: boolean;
      /** Why there is no body, where the guest's program leaves it out. */
      readonly withoutBody?: string;
    }
  | { readonly reason: string };

const statusLine = /^HTTP\/[\d.]+ (\d{3}) ?(.*)$/;

/** What a program printed: curl, Perl and Python an answer as it came, wget its head to standard error. */
export function readAnswer({ stdout, stderr }: Pick<TestedCommandResult, 'stdout' | 'stderr'>): HttpAnswer {
  const [, by = '', printed = ''] = /^(\S+)\n([\s\S]*)$/.exec(stdout) ?? [];
  const isByWget = by.startsWith('wget');
  const [head, body] = isByWget ? [headOfWget(stderr), printed] : finalHead(printed);
  const lines = head.split(/\r?\n/);
  const [, status, phrase = ''] = statusLine.exec(lines[0] ?? '') ?? [];
  if (status === undefined)
    return { reason: stderr.trim().split('\n').at(-1)?.trim() || 'the connection ended without one' };
  const isLeftOut = isByWget && body === '' && !/^2/.test(status);
  return {
    status: Number(status),
    phrase,
    headers: headersOf(lines.slice(1)),
    body,
    isWhole: !isLeftOut && Buffer.byteLength(body) < bodyLimit,
    ...(isLeftOut ? { withoutBody: `the guest's wget leaves the body of status ${status} out` } : {}),
  };
}

/** The head of the answer itself, after those of status 1xx (RFC 9110 §15.2), and what follows it. */
function finalHead(text: string): readonly [head: string, body: string] {
  let rest = text;
  for (;;) {
    const end = /\r?\n\r?\n/.exec(rest);
    if (!end) return [rest, ''];
    const head = rest.slice(0, end.index);
    rest = rest.slice(end.index + end[0].length);
    if (!/^HTTP\/[\d.]+ 1\d\d/.test(head)) return [head, rest];
  }
}

/** Of each answer that it received, wget writes the head with two blanks before each line; the last one is the answer. */
function headOfWget(stderr: string): string {
  const lines = stderr.split(/\r?\n/).flatMap((line) => (/^ {2}\S/.test(line) ? [line.slice(2)] : []));
  const last = lines.findLastIndex((line) => statusLine.test(line));
  return last < 0 ? '' : lines.slice(last).join('\n');
}

function headersOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) continue;
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}
