import { isAlive } from '@goqemu/core';
import { type GuestSession, waitUntilReady } from '@goqemu/guest';
import { attachMachine } from '@goqemu/machine';
import type { AdoptedRecord } from '../adoption/adopted-record.ts';
import { tellStages } from '../lifecycle/become-ready.ts';
import { bootLimits } from '../lifecycle/time-limits.ts';
import type { Vm } from '../vm/vm.ts';
import { followReset } from './follow-reset.ts';
import type { StepGuest } from './step-guest.ts';

/** The guest of a machine that was started outside goqemu: goqemu remembers nothing of its readiness. */
export function adoptedGuest(
  { host, spec: { name, timeouts } }: Pick<Vm, 'host' | 'spec'>,
  { machine: record }: AdoptedRecord,
  session: GuestSession,
): StepGuest {
  const { serialLog } = record;
  return {
    machine: name,
    session,
    serialLog,
    async follow(signal) {
      const machine = await attachMachine(record, { signal });
      return {
        reset: (until) => followReset(machine, until),
        forgetReadiness: async () => undefined,
        async becomeReady(serialOffset, call) {
          await waitUntilReady({
            ...(serialLog === undefined ? {} : { serialLog }),
            session,
            isProcessAlive: () => isAlive(record),
            machine: name,
            serialOffset,
            ...bootLimits(host, record, timeouts),
            onStage: tellStages(call),
            ...(call.signal ? { signal: call.signal } : {}),
          });
        },
        [Symbol.asyncDispose]: () => machine.close(),
      };
    },
  };
}
