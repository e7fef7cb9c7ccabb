import type { GuestSession } from '@goqemu/guest';
import { becomeReady } from '../lifecycle/become-ready.ts';
import type { Vm } from '../vm/vm.ts';
import { followReset } from './follow-reset.ts';
import type { StepGuest } from './step-guest.ts';

/** The guest of a machine that goqemu made. */
export function ownGuest(vm: Vm, session: GuestSession): StepGuest {
  return {
    machine: vm.spec.name,
    session,
    serialLog: vm.folder.serialLog,
    async follow(signal) {
      const machine = await vm.machine(signal);
      return {
        reset: (until) => followReset(machine, until),
        forgetReadiness: async () => void (await vm.update({ ready: undefined, agent: undefined })),
        becomeReady: (serialOffset, call) => becomeReady({ vm, machine, session, serialOffset }, call),
        [Symbol.asyncDispose]: () => machine.close(),
      };
    },
  };
}
