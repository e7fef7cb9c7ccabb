import { askGuest } from '../ask/ask-guest.ts';
import { shortWord } from '../expect/bounded.ts';
import type { Evidence, Question } from '../expect/question.ts';
import { textDiff, textWords } from '../expect/text-diff.ts';
import { checkText, optionInvalid } from '../options/check-options.ts';
import { checkPattern, matches, type TextPattern } from '../options/text-pattern.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';
import { type HttpAnswer, readAnswer } from './http-answer.ts';
import { type HttpSubject, requestScript } from './http-request.ts';

/** What a machine is expected to be answered when it asks a URL. No answer is one neither to these nor to their contraries. */
export interface HttpMatchers {
  /** The answer's status is this, or one of these. Redirects are not followed. */
  toHaveStatus(status: number | readonly number[], options?: WaitOptions): Promise<void>;
  /** The answer's body is this text, or the expression is found in its first 256 KiB. */
  toHaveBody(body: TextPattern, options?: WaitOptions): Promise<void>;
  /** The answer has this header, with this value where one is given. Names are compared without their case. */
  toHaveHeader(name: string, value?: TextPattern, options?: WaitOptions): Promise<void>;
}

export type HttpProbe = ProbeOf<'http', HttpSubject>;

export function httpMatchers(probe: HttpProbe, check: Check): HttpMatchers {
  return {
    toHaveStatus: (status, options) =>
      check('toHaveStatus', [status], options, (what) => {
        const wanted = checkStatus(what, status);
        return answerQuestion(probe, {
          expected: `status ${wanted.join(' or ')}`,
          expectedValue: status,
          holds: ({ status: got }) => wanted.includes(got),
          got: ({ status: got, phrase }) => `status ${got} ${phrase}`.trimEnd(),
          gotValue: ({ status: got }) => got,
        });
      }),
    toHaveBody: (body, options) =>
      check('toHaveBody', [body], options, (what) => bodyQuestion(probe, checkPattern(what, 'body', body))),
    toHaveHeader: (name, value, options) =>
      check('toHaveHeader', value === undefined ? [name] : [name, value], options, (what) =>
        headerQuestion(probe, what, name, value),
      ),
  };
}

type Answered = Extract<HttpAnswer, { readonly status: number }>;

/** What is judged of an answer: a question about one that is there. */
interface Judged extends Pick<Question<Answered>, 'expected' | 'expectedValue' | 'holds' | 'got' | 'gotValue'> {
  evidence?(answer: Answered): Evidence | Promise<Evidence | undefined>;
}

/** The same request each time; without an answer there is nothing to judge. */
function answerQuestion({ subject, machine: { guest } }: HttpProbe, judged: Judged): Question<HttpAnswer> {
  return {
    expected: judged.expected,
    expectedValue: judged.expectedValue ?? judged.expected,
    ask: async (call) => readAnswer(await askGuest(guest, call, requestScript(subject, call.timeoutMs))),
    holds: (answer) => ('status' in answer ? judged.holds(answer) : undefined),
    got: (answer) => ('status' in answer ? judged.got(answer) : `no answer: ${answer.reason}`),
    gotValue: (answer) => ('status' in answer ? judged.gotValue?.(answer) : undefined),
    evidence: async (answer) => {
      if (!answer || !('status' in answer)) return undefined;
      if (judged.evidence) return judged.evidence(answer);
      return { title: 'the body begins with', text: answer.body, from: 'start' };
    },
  };
}

function bodyQuestion(probe: HttpProbe, body: TextPattern): Question<HttpAnswer> {
  return answerQuestion(probe, {
    expected: typeof body === 'string' ? `the body ${shortWord(body)}` : `a body with ${body}`,
    expectedValue: body,
    holds: (answer) => {
      const isSo = matches(answer.body, body);
      return answer.isWhole || (typeof body !== 'string' && isSo) ? isSo : undefined;
    },
    got: (answer) => {
      if (answer.withoutBody) return `no answer: ${answer.withoutBody}`;
      return answer.isWhole ? textWords(answer.body, 'body') : 'a body that is longer than 256 KiB';
    },
    gotValue: (answer) => answer.body,
    evidence: (answer) => textDiff(body, answer.body, 'body'),
  });
}

function headerQuestion(
  probe: HttpProbe,
  what: string,
  name: string,
  value: TextPattern | undefined,
): Question<HttpAnswer> {
  const header = checkText(what, 'name', name, 'the name of a header').toLowerCase();
  if (value !== undefined) checkPattern(what, 'value', value);
  const shown = value === undefined ? '' : `: ${typeof value === 'string' ? value : `with ${value}`}`;
  return answerQuestion(probe, {
    expected: `the header ${header}${shown}`,
    expectedValue: value ?? header,
    holds: ({ headers }) => headers.has(header) && (value === undefined || matches(headers.get(header) ?? '', value)),
    got: ({ headers }) => (headers.has(header) ? `${header}: ${headers.get(header)}` : 'no such header'),
    gotValue: ({ headers }) => headers.get(header),
    evidence: ({ headers }) => ({
      title: 'the headers',
      text: [...headers].map(([key, text]) => `${key}: ${text}`).join('\n'),
      from: 'start',
    }),
  });
}

function checkStatus(what: string, status: unknown): readonly number[] {
  const wanted = Array.isArray(status) ? status : [status];
  const isStatus = (one: unknown) => Number.isInteger(one) && (one as number) >= 100 && (one as number) <= 599;
  if (wanted.length > 0 && wanted.every(isStatus)) return wanted;
  throw optionInvalid(what, 'status', 'a status from 100 to 599, or a list of them', status);
}
