import { askGuest, readFields } from '../ask/ask-guest.ts';
import type { Question } from '../expect/question.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a unit of systemd is expected to be. */
export interface UnitMatchers {
  /** It is active, as `systemctl is-active` says. */
  toBeActive(options?: WaitOptions): Promise<void>;
  /** It has failed, as `systemctl is-failed` says. */
  toBeFailed(options?: WaitOptions): Promise<void>;
  /** It is started with the system: its file is `enabled`, `enabled-runtime` or an `alias`. One that is `static` is not. */
  toBeEnabled(options?: WaitOptions): Promise<void>;
}

export type UnitProbe = ProbeOf<'unit', string>;

type UnitState = Readonly<Record<string, string>>;

export function unitMatchers(probe: UnitProbe, check: Check): UnitMatchers {
  return {
    toBeActive: (options) =>
      check('toBeActive', [], options, () => unitQuestion(probe, 'active', (state) => state.ActiveState === 'active')),
    toBeFailed: (options) =>
      check('toBeFailed', [], options, () => unitQuestion(probe, 'failed', (state) => state.ActiveState === 'failed')),
    toBeEnabled: (options) =>
      check('toBeEnabled', [], options, () => ({
        ...unitQuestion(probe, 'enabled', (state) =>
          /^(?:enabled(?:-runtime)?|alias)$/.test(state.UnitFileState ?? ''),
        ),
        got: (state) => (state.LoadState === 'not-found' ? noSuchUnit : state.UnitFileState || 'without a unit file'),
      })),
  };
}

const noSuchUnit = 'there is no such unit';

function unitQuestion(
  { subject, machine: { guest } }: UnitProbe,
  expected: string,
  holds: (state: UnitState) => boolean,
): Question<UnitState> {
  return {
    expected,
    holds,
    ask: async (call) => readFields((await askGuest(guest, call, { script: state, words: [subject] })).stdout).fields,
    got: unitWords,
    evidence: async (_seen, call) => {
      const { stdout } = await askGuest(guest, call, { script: status, words: [subject] });
      return { title: `systemctl status ${subject}`, text: stdout, from: 'end' };
    },
  };
}

function unitWords({ LoadState, ActiveState = 'unknown', SubState, Result }: UnitState): string {
  if (LoadState === 'not-found') return `${ActiveState}: ${noSuchUnit}`;
  const more = [SubState === ActiveState ? '' : SubState, Result === 'success' ? '' : Result].filter(Boolean);
  return more.length > 0 ? `${ActiveState} (${more.join(', ')})` : ActiveState;
}

const state = `[ -d /run/systemd/system ] && has systemctl || lacks 'running systemd'
systemctl show --no-pager --property=LoadState,ActiveState,SubState,Result,UnitFileState -- "$1"`;

/** systemctl(1): its exit code says what state the unit is in. */
const status = `systemctl status --no-pager --full --lines=10 -- "$1" 2>&1 || :`;
