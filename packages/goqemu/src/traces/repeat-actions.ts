import { errorMessage } from '@goqemu/core';
import type { Action, TestRecord } from '@goqemu/test/process';
import type { RunningLab } from '../sdk/lab/running-lab.ts';

/** What became of an action that was to be done again. */
export interface Repeated {
  readonly action: Action;
  /** Undefined where it was done, with the result that it had in the test. */
  readonly instead?: string;
}

/** Actions that leave machines as they are: matchers ask, marks and attachments are the host's. */
const harmless: ReadonlySet<Action['kind']> = new Set(['mark', 'attach', 'expect', 'step']);

/**
 * Does the actions of a test before one of them again, in a copy of the lab as the test found it. What is more than a call with
 * plain arguments cannot be, and neither can what the test's own code did besides: that is told, and the next one follows.
 */
export async function* repeatActions(
  lab: Pick<RunningLab, 'machine' | 'network'>,
  { actions }: Pick<TestRecord, 'actions'>,
  before: number,
): AsyncGenerator<Repeated> {
  for (const action of actions) {
    if (action.n >= before) return;
    if (harmless.has(action.kind)) continue;
    if (!action.again) {
      yield { action, instead: 'cannot be done again: it is more than a call with plain arguments' };
      continue;
    }
    const { on, name, method, args } = action.again;
    const target =
      on === 'network' ? lab.network(name) : on === 'screen' ? lab.machine(name).screen : lab.machine(name);
    const call = Reflect.get(target, method) as (...given: readonly unknown[]) => Promise<unknown>;
    try {
      await Reflect.apply(call, target, args);
      yield action.result === 'failed' ? { action, instead: 'failed in the test, and succeeds now' } : { action };
    } catch (error) {
      const expected = action.result === 'failed';
      yield expected ? { action } : { action, instead: `fails now: ${errorMessage(error)}` };
    }
  }
}
