import type { ObservedMachine } from '@goqemu/lab';
import type { VmObservation } from '@goqemu/vm';

/** A machine's process, as the engine compares it and as `goqemu status` shows it. */
export function shownProcess(pid: number) {
  return { instance: `process ${pid}`, display: { pid } };
}

/** What was seen of a machine, in the engine's words. */
export function asObserved({ pid, ...seen }: VmObservation): ObservedMachine {
  return { ...seen, ...(pid === undefined ? {} : shownProcess(pid)) };
}
