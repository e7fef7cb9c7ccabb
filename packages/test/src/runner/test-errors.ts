import { formatDuration, GoqemuError } from '@goqemu/core';
import type { Mark } from './test-types.ts';

/** A test whose time is up. */
export function testTimeout(test: string, milliseconds: number): GoqemuError {
  return new GoqemuError({
    code: 'test-timeout',
    source: 'user',
    subject: test,
    message: `the test ${JSON.stringify(test)} did not end within ${formatDuration(milliseconds)}`,
    hint: "if it needs longer: test(name, { timeout: '10 min' }, …), or goqemu test --timeout 600",
    data: { milliseconds },
  });
}

/** A machine that a test uses when it is over: it may be another test's by now. */
export function testEnded(test: string, used: string): GoqemuError {
  return new GoqemuError({
    code: 'test-ended',
    source: 'user',
    subject: test,
    message: `the test ${JSON.stringify(test)} is over, and used ${used} nevertheless`,
    hint: 'await everything that a test starts; its "signal" aborts when it is over',
  });
}

/** The checkpoint that tests begin at is not there. */
export function beginningUnknown(lab: string, at: string, known: readonly string[]): GoqemuError {
  return new GoqemuError({
    code: 'checkpoint-unknown',
    source: 'user',
    subject: at,
    message: `the lab ${lab} has no checkpoint ${JSON.stringify(at)} for its tests to begin at`,
    hint:
      known.length > 0
        ? `it has: ${known.map((name) => JSON.stringify(name)).join(', ')}`
        : `declare one in the lab: lab.vm('web').run(…).checkpoint(${JSON.stringify(at)})`,
  });
}

/** What the report says beside a failure: where the test was. */
export function lastMark(marks: readonly Mark[], now: Date): string | undefined {
  const last = marks.at(-1);
  return (
    last && `failed ${formatDuration(now.getTime() - last.at.getTime())} after the mark ${JSON.stringify(last.name)}`
  );
}

/** @throws GoqemuError `machine-unknown` for one that tests use and the lab does not have */
export function checkMachines(
  lab: string,
  used: readonly string[],
  { machines }: { readonly machines: readonly { readonly name: string }[] },
): void {
  const missing = used.find((name) => !machines.some((machine) => machine.name === name));
  if (missing === undefined) return;
  throw new GoqemuError({
    code: 'machine-unknown',
    source: 'user',
    subject: missing,
    message: `the lab ${lab} has no machine ${JSON.stringify(missing)} for its tests`,
    hint: `it has: ${machines.map(({ name }) => name).join(', ')}`,
  });
}
