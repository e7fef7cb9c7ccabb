import { askGuest, readFields } from '../ask/ask-guest.ts';
import { shortWord } from '../expect/bounded.ts';
import type { Question } from '../expect/question.ts';
import { textDiff, textWords } from '../expect/text-diff.ts';
import { optionInvalid } from '../options/check-options.ts';
import { checkPattern, contains, matches, type TextPattern } from '../options/text-pattern.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/**
 * What a file, a folder or whatever else is at a path is expected to be; symbolic links are followed. What is not there has
 * neither a content, a mode and an owner, nor their contraries.
 */
export interface FileMatchers {
  /** Something is at this path; a link that leads nowhere is not. */
  toExist(options?: WaitOptions): Promise<void>;
  /** The content of a regular file is this text, or the expression is found in its first MiB. */
  toHaveContent(content: TextPattern, options?: WaitOptions): Promise<void>;
  /** This text is somewhere in its first MiB. */
  toContain(text: TextPattern, options?: WaitOptions): Promise<void>;
  /** Its permission bits, as octal text or a number. */
  toHaveMode(mode: string | number, options?: WaitOptions): Promise<void>;
  /** Its owner, and its group where one is given; names or numbers. */
  toHaveOwner(owner: string, options?: WaitOptions): Promise<void>;
}

export type FileProbe = ProbeOf<'file', string>;

export function fileMatchers(probe: FileProbe, check: Check): FileMatchers {
  return {
    toExist: (options) => check('toExist', [], options, () => existence(probe)),
    toHaveContent: (content, options) =>
      check('toHaveContent', [content], options, (what) => {
        checkPattern(what, 'content', content);
        const expected =
          typeof content === 'string' ? `the content ${shortWord(content)}` : `a content with ${content}`;
        return contentQuestion(probe, {
          expected,
          pattern: content,
          isAll: typeof content === 'string',
          test: matches,
        });
      }),
    toContain: (text, options) =>
      check('toContain', [text], options, (what) => {
        checkPattern(what, 'text', text);
        const expected = `a content with ${typeof text === 'string' ? shortWord(text) : text}`;
        return contentQuestion(probe, { expected, pattern: text, isAll: false, test: contains });
      }),
    toHaveMode: (mode, options) =>
      check('toHaveMode', [mode], options, (what) => {
        const wanted = octal(what, mode);
        return factQuestion(probe, {
          expected: `mode ${wanted}`,
          expectedValue: wanted,
          fact: ({ mode: got }) => got,
          holds: ({ mode: got }) => got === wanted,
        });
      }),
    toHaveOwner: (owner, options) =>
      check('toHaveOwner', [owner], options, (what) => {
        const [user, group] = ownerParts(what, owner);
        return factQuestion(probe, {
          expected: `owner ${owner}`,
          expectedValue: owner,
          fact: ({ owner: got }) => got,
          holds: ({ names, ids }) => {
            const is = (wanted: string | undefined, at: 0 | 1) =>
              wanted === undefined || wanted === names[at] || wanted === ids[at];
            return is(user, 0) && is(group, 1);
          },
        });
      }),
  };
}

interface Found {
  readonly type: string;
  readonly size: number;
  readonly mode: string;
  readonly owner: string;
  readonly names: readonly [user: string, group: string];
  readonly ids: readonly [user: string, group: string];
  readonly content: string | undefined;
}

/** Why there is nothing, or what is there. */
type Seen = { readonly missing: string } | Found;

const contentLimit = 1024 * 1024;

async function look(
  { subject, machine: { guest } }: FileProbe,
  call: Parameters<Question<Seen>['ask']>[0],
  read = false,
): Promise<Seen> {
  const { stdout } = await askGuest(guest, call, { script, words: [subject, read ? contentLimit + 1 : 0] });
  const { fields, body } = readFields(stdout);
  if (fields.stat === undefined) {
    return {
      missing:
        fields.link === undefined
          ? 'there is nothing at this path'
          : `a symbolic link to ${fields.link}, which is not there`,
    };
  }
  const [mode = '', user = '', group = '', uid = '', gid = '', size = '', ...type] = fields.stat.split(' ');
  return {
    type: type.join(' '),
    size: Number(size),
    mode: mode.padStart(4, '0'),
    owner: `${user}:${group}`,
    names: [user, group],
    ids: [uid, gid],
    content: fields.content === undefined ? undefined : body,
  };
}

function existence(probe: FileProbe): Question<Seen> {
  return {
    expected: 'something at this path',
    ask: (call) => look(probe, call),
    holds: (seen) => !('missing' in seen),
    got: (seen) => ('missing' in seen ? seen.missing : `a ${seen.type}, mode ${seen.mode}, owner ${seen.owner}`),
    evidence: async (seen, call) => {
      if (!seen || !('missing' in seen)) return undefined;
      const { stdout } = await askGuest(probe.machine.guest, call, { script: neighbours, words: [probe.subject] });
      const [folder = '', ...names] = stdout.split('\n');
      return { title: `in ${folder}`, text: names.join('\n').trim() || '(nothing)', from: 'start' };
    },
  };
}

interface FactExpectation {
  readonly expected: string;
  readonly expectedValue: unknown;
  readonly fact: (found: Found) => string;
  readonly holds: (found: Found) => boolean;
}

/** Something of what is at the path; where nothing is, there is nothing to judge. */
function factQuestion(probe: FileProbe, { expected, expectedValue, fact, holds }: FactExpectation): Question<Seen> {
  return {
    expected,
    expectedValue,
    ask: (call) => look(probe, call),
    holds: (seen) => ('missing' in seen ? undefined : holds(seen)),
    got: (seen) => ('missing' in seen ? seen.missing : `${expected.split(' ')[0]} ${fact(seen)}`),
    gotValue: (seen) => ('missing' in seen ? undefined : fact(seen)),
  };
}

interface ContentExpectation {
  readonly expected: string;
  readonly pattern: TextPattern;
  /** The pattern is the whole text, so that the beginning of a longer one decides nothing. */
  readonly isAll: boolean;
  readonly test: (text: string, pattern: TextPattern) => boolean;
}

function contentQuestion(probe: FileProbe, { expected, pattern, isAll, test }: ContentExpectation): Question<Seen> {
  return {
    expected,
    expectedValue: pattern,
    ask: (call) => look(probe, call, true),
    holds: (seen) => {
      if ('missing' in seen || seen.content === undefined) return undefined;
      const isWhole = Buffer.byteLength(seen.content) <= contentLimit;
      const isSo = test(seen.content, pattern);
      return isWhole || (isSo && !isAll) ? isSo : undefined;
    },
    got: (seen) => {
      if ('missing' in seen) return seen.missing;
      if (seen.content === undefined) return `a ${seen.type}, which has no content to compare`;
      if (Buffer.byteLength(seen.content) > contentLimit)
        return 'a content of more than 1 MiB, of which the beginning was read';
      return textWords(seen.content, 'content');
    },
    gotValue: (seen) => ('missing' in seen ? undefined : seen.content),
    evidence: async (seen) =>
      seen && !('missing' in seen) && seen.content !== undefined
        ? textDiff(isAll ? pattern : / /, seen.content, 'content')
        : undefined,
  };
}

function octal(what: string, mode: unknown): string {
  if (typeof mode === 'string' && /^0?[0-7]{3,4}$/.test(mode) && mode.length <= 5)
    return mode.slice(-4).padStart(4, '0');
  if (Number.isInteger(mode) && (mode as number) >= 0 && (mode as number) <= 0o7777)
    return (mode as number).toString(8).padStart(4, '0');
  throw optionInvalid(what, 'mode', "permission bits such as '0644' or 0o644", mode);
}

function ownerParts(what: string, owner: unknown): readonly [user: string, group: string | undefined] {
  const [, user, group] = (typeof owner === 'string' && /^([^\s:]+)(?::([^\s:]+))?$/.exec(owner)) || [];
  if (user === undefined)
    throw optionInvalid(what, 'owner', "a user, or a user and a group such as 'root:root'", owner);
  return [user, group];
}

/** $1 path, $2 bytes of its content */
const script = `if [ -e "$1" ]; then echo "stat $(stat -L -c '%a %U %G %u %g %s %F' -- "$1")"
if [ "$2" -gt 0 ] && [ -f "$1" ]; then echo 'content follows'; echo; head -c "$2" -- "$1"; fi
elif [ -L "$1" ]; then echo "link $(readlink -- "$1" | head -n 1)"; fi
:`;

/** The nearest folder that is there, and what is in it. */
const neighbours = `d=$1; while d=$(dirname -- "$d"); [ ! -d "$d" ]; do :; done
printf '%s\\n' "$d"; ls -A -- "$d" | head -n 30`;
