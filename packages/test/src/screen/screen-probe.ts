import { settle } from '../expect/settle.ts';
import { type ReadScreen, type ScreenTextProbe, textQuestion } from '../matchers/screen-text.ts';
import { optionInvalid } from '../options/check-options.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import { type ProbedMachine, probeBrand } from '../probes/probe.ts';
import type { ScreenProbes, ScreenText } from '../probes/screen-probes.ts';
import { withProbes } from '../probes/with-probes.ts';
import { argumentText } from '../record/argument-text.ts';
import { callerOf } from '../record/caller.ts';
import { recorded } from '../record/recorded-calls.ts';
import { guarded } from '../runner/guard.ts';
import { screenOf } from './screen-of.ts';

/** @returns what `expect` takes, and calls that are actions of the test where the machine is in one */
export function screenProbe(machine: ProbedMachine): ScreenProbes {
  const { screen } = machine.guest;
  const text = `${machine.name}.screen`;
  const probe = { kind: 'screen' as const, text, machine, subject: undefined, [probeBrand]: true as const };
  const own = { ...probe, getByText: (wanted: string | RegExp) => textProbe(machine, wanted) };
  if (!screen) return own;
  // Private fields are the screen's own, not the proxy's.
  const calls = guarded(screen, () => undefined);
  return withProbes(
    machine.actions ? recorded(calls, machine.actions, { kind: 'screen', name: machine.name }) : calls,
    own,
  );
}

function textProbe(machine: ProbedMachine, wanted: string | RegExp): ScreenText {
  const isText = typeof wanted === 'string' ? wanted.trim() !== '' : wanted instanceof RegExp;
  if (!isText)
    throw optionInvalid(`${machine.name}.screen.getByText()`, 'text', 'a text or a regular expression', wanted);
  const text = `${machine.name}.screen.getByText(${argumentText(wanted)})`;
  const probe: ScreenTextProbe = { kind: 'screenText', text, machine, subject: wanted, [probeBrand]: true };
  return Object.assign(probe, {
    click: function click(options?: WaitOptions): Promise<void> {
      const at = callerOf(click);
      const title = `${text}.click()`;
      const act = () => clickOn(probe, { machine, text: title, negated: false, options, at });
      const action = { kind: 'machine' as const, title, machine: machine.name, changes: true, caller: at };
      return machine.actions ? machine.actions.perform(action, act) : act();
    },
  });
}

/** @param expectation that the text is there */
async function clickOn(probe: ScreenTextProbe, expectation: Parameters<typeof settle>[0]): Promise<void> {
  const question = textQuestion(probe);
  let found: ReadScreen['found'];
  await settle(expectation, {
    ...question,
    ask: async (call) => {
      const seen = await question.ask(call);
      found = seen.found;
      return seen;
    },
  });
  if (!found) return; // settle has seen it
  const { x, y, width, height } = found;
  await screenOf(probe.machine).click(Math.max(0, Math.floor(x + width / 2)), Math.max(0, Math.floor(y + height / 2)));
}
