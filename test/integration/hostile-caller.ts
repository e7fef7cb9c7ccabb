import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sleep } from '@goqemu/core';

/** When a hostile caller gives up: as the signal is looked at, or a moment later, when what follows is under way. */
export type Moment = 'at once' | 'a moment later';

/** A signal that fires with the n-th look that the callee takes at it, counted from 1. */
export function firingAtLook(
  n: number,
  moment: Moment,
): { readonly signal: AbortSignal; readonly fired: () => boolean } {
  const controller = new AbortController();
  const { signal } = controller;
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks !== n) return;
    if (moment === 'at once') controller.abort(new Error('given up'));
    else setImmediate(() => controller.abort(new Error('given up')));
  };
  const { addEventListener, throwIfAborted } = signal;
  Object.defineProperties(signal, {
    addEventListener: {
      value: (...words: Parameters<typeof addEventListener>) => {
        addEventListener.apply(signal, words);
        look();
      },
    },
    throwIfAborted: {
      value: () => {
        look();
        throwIfAborted.call(signal);
      },
    },
  });
  return { signal, fired: () => looks >= n };
}

/** The open files of a process, without those that Node.js itself opens when it first needs them. */
export function descriptorsOf(pid: number | 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return /^(?:socket|pipe|\/)/.test(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false; // the one that lists the folder
    }
  }).length;
}

/** The QEMUs that this process has started and that live. */
export function qemuChildren(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, name, state, parent] = /\((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return Number(parent) === process.pid && state !== 'Z' && /^qemu-system/.test(name ?? '');
      } catch {
        return false; // it ended meanwhile
      }
    });
}

/** Waits until a number has come down to what it was; what closes takes its time. */
export async function comesDownTo(expected: number, count: () => number): Promise<number> {
  for (let look = 0; count() > expected && look < 300; look++) await sleep(20);
  return count();
}
