import { parseByteSize, parseDuration } from '@goqemu/core';
import type { Faults } from '@goqemu/spec';
import { usageError } from '../../arguments/usage-error.ts';

type FaultName = keyof Faults;
type Typed = Readonly<Record<FaultName, string | undefined>>;

/** Amounts of faults as they are typed: `50 ms`, `5%`, `125 kB`; `0` of any. */
export function readAmounts(typed: Typed): Faults {
  const read = <T>(name: FaultName, parse: (text: string, option: string) => T) => {
    const text = typed[name];
    return text === undefined ? {} : { [name]: text === '0' ? 0 : parse(text, `--${name}`) };
  };
  if (typed.rate === '0')
    throw usageError('--rate 0 would let nothing through', 'unplug the machine, or set --loss 100%');
  return {
    ...read('latency', parseMilliseconds),
    ...read('jitter', parseMilliseconds),
    ...read('loss', parseShare),
    ...read('duplication', parseShare),
    ...read('reordering', parseShare),
    ...read('corruption', parseShare),
    ...read('rate', (text, option) => parseByteSize(asNumber(text), option)),
  };
}

function parseMilliseconds(text: string, option: string): number {
  return parseDuration(asNumber(text), option);
}

/** A number without a unit is one of the smallest unit. */
function asNumber(text: string): number & string {
  return (/^\d+$/.test(text) ? Number(text) : text) as number & string;
}

function parseShare(text: string, option: string): number {
  const [, number = '', percent] = /^(\d+(?:\.\d+)?|\.\d+) ?(%)?$/.exec(text.trim()) ?? [];
  const share = number === '' ? Number.NaN : Number(number) / (percent ? 100 : 1);
  if (share >= 0 && share <= 1) return share;
  throw usageError(`${option} ${text} is no share`, 'write a percentage such as 5%, or a number from 0 to 1');
}
