import { isGoqemuError } from '@goqemu/core';

/**
 * Awaits a reply whose error is made while a socket is read, and lets the error point at the caller that awaits it: V8
 * knows the functions that wait. That costs nothing until something fails; keeping a stack for each command
 * costs more than all the rest of a round trip.
 *
 * @param signal whose reason is the caller's own error, and stays as it is
 */
export async function withCallerStack<T>(reply: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    if (isGoqemuError(error) && error !== signal?.reason) Error.captureStackTrace(error, withCallerStack);
    throw error;
  }
}
