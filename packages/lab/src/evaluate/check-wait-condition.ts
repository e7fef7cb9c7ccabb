import { GoqemuError } from '@goqemu/core';
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
    (kinds[0] === 'port'
      ? isPort(given.port)
      : kinds[0] === 'file'
        ? typeof given.file === 'string' && given.file.startsWith('/')
        : kinds[0] === 'http'
          ? typeof given.http === 'string' && /^https?:\/\//.test(given.http)
          : typeof given.unit === 'string' && /^[A-Za-z0-9@_.:\\-]+$/.test(given.unit));
  if (valid) return condition;
  throw new GoqemuError({
    code: 'condition-invalid',
    source: 'user',
    subject: step,
    message: `${step}: expected one of { port: 1 to 65535 }, { unit: 'nginx.service' }, { http: 'http://…' } or { file: '/…' }, got ${JSON.stringify(condition)}`,
    hint: 'write waitFor("listening", { port: 80 })',
  });
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
}
