import { GoqemuError, shellQuote, shownValue } from '@goqemu/core';
import { isLateValue, type LateValue } from './late-value.ts';
import { brandText, isShellText, type ShellText, type TextPart } from './text.ts';

/** What may stand in `sh`: lists become several words. */
export type ShellInput = string | number | LateValue | ShellText | readonly (string | number | LateValue)[];

/**
 * A POSIX shell script with values in it. Every value is quoted as one word, so that nothing in it is
 * read by the shell; put no quotes of your own around it. Late values are filled in during apply and
 * make the step depend on where they come from. Another `sh` is taken over as it is.
 *
 * @throws GoqemuError `text-invalid` for a value that no word can be made of, such as undefined
 * @example
 * worker.run('join', sh`curl -fsS http://10.0.2.2:8080/join?t=${web.out.token}`);
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShellInput[]): ShellText {
  const parts: TextPart[] = [];
  const push = (part: TextPart) => {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else parts.push(part);
  };
  strings.forEach((fixed, index) => {
    push(fixed);
    if (index < values.length) for (const part of shellParts(values[index] as ShellInput)) push(part);
  });
  return brandText({
    parts,
    [Symbol.toPrimitive]: () => {
      throw new GoqemuError({
        code: 'late-value-used-early',
        source: 'user',
        message: 'a script written with sh`…` is not a plain string: it may hold values that are not known yet',
        hint: 'give it to `run` or `capture`, or put it into another sh`…`',
      });
    },
  });
}

function shellParts(value: ShellInput): readonly TextPart[] {
  if (isShellText(value)) return value.parts;
  if (isLateValue(value)) return [{ late: value.source, quote: 'shell' }];
  if (Array.isArray(value))
    return value.flatMap((item, index) => [...(index > 0 ? [' '] : []), ...shellParts(item as ShellInput)]);
  if (['string', 'number', 'boolean', 'bigint'].includes(typeof value)) return [shellQuote(String(value))];
  throw new GoqemuError({
    code: 'text-invalid',
    source: 'user',
    message: `sh: a value in a script must be a text, a number, a late value or a list of these, got ${shownValue(value)}`,
    hint: 'give a machine by its name, and what may be missing a text of its own',
  });
}
