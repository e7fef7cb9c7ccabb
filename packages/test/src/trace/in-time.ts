import { scaledTimeout, withDeadline } from '@goqemu/core';

/** Does something within a time that is as much longer as all limits are. @throws GoqemuError `timeout` */
export function inTime<T>(what: string, milliseconds: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(what, scaledTimeout(milliseconds, process.env), undefined, act);
}
