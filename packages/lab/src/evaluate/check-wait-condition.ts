import { GoqemuError, shownValue } from '@goqemu/core';
import type { WaitCondition } from '@goqemu/spec';

/** What may stand in a condition, by its kind. */
const members = {
  port: ['port', 'host'],
  unit: ['unit'],
  http: ['http', 'status'],
  file: ['file'],
} as const satisfies {
  readonly [Kind in KeysOf<WaitCondition> & ('port' | 'unit' | 'http' | 'file')]: readonly KeysOf<WaitCondition>[];
};
type KeysOf<T> = T extends unknown ? keyof T : never;

type Member = (typeof members)[keyof typeof members][number];
const isTextLike = (value: unknown, form: RegExp) => typeof value === 'string' && form.test(value);
const fits: Readonly<Record<Member, (value: unknown) => boolean>> = {
  port: isPort,
  host: (host) => isTextLike(host, /^[A-Za-z0-9.:%_-]+$/),
  unit: (unit) => isTextLike(unit, /^[A-Za-z0-9@_.:\\-]+$/),
  http: (url) => isTextLike(url, /^https?:\/\//),
  status: (status) => Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599,
  file: (path) => isTextLike(path, /^\//),
};

/** @throws GoqemuError `condition-invalid` */
export function checkWaitCondition(condition: WaitCondition, step: string): WaitCondition {
  const given = (condition ?? {}) as Readonly<Record<string, unknown>>;
  const kinds = Object.keys(members).filter((kind) => given[kind] !== undefined);
  const unknown = Object.keys(given).find(
    (name) => !members[kinds[0] as keyof typeof members]?.some((member) => member === name),
  );
  const valid =
    kinds.length === 1 &&
    unknown === undefined &&
    Object.entries(given).every(([name, value]) => value === undefined || fits[name as Member](value));
  if (valid) return condition;
  throw new GoqemuError({
    code: 'condition-invalid',
    source: 'user',
    subject: step,
    message: `${step}: expected one of { port: 1 to 65535 }, { unit: 'nginx.service' }, { http: 'http://…' } or { file: '/…' }, got ${shownValue(condition)}`,
    hint: 'write waitFor("listening", { port: 80 })',
  });
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
}
