import { GoqemuError, scaledTimeout } from '@goqemu/core';
import { askGuest, readFields } from '../ask/ask-guest.ts';
import { checkOptions, checkPath, optionInvalid } from '../options/check-options.ts';
import type { ProbedMachine } from '../probes/probe.ts';
import type { Baseline, BaselineOptions } from './baseline-types.ts';
import { takeScript } from './manifest-script.ts';

/** Walking through a guest that is emulated takes a while. */
export const walkMs = 300_000;

/** @throws GoqemuError `option-invalid`, `expectation-unanswered`, `expectation-unsupported` */
export async function takeBaseline(machine: ProbedMachine, options: BaselineOptions | undefined): Promise<Baseline> {
  const what = `${machine.name}.baseline()`;
  const { within = [] } = checkOptions<BaselineOptions>(what, options, ['within']);
  if (!Array.isArray(within)) throw optionInvalid(what, 'within', 'a list of absolute paths', within);
  for (const path of within) checkPath(`${what}: within`, path);
  const call = { timeoutMs: scaledTimeout(walkMs, process.env), signal: machine.waiting.signal };
  const { stdout } = await askGuest(machine.guest, call, { script: takeScript, words: within });
  const { folder, files, packages } = readFields(stdout).fields;
  if (!folder || !/^\/[\w./-]+$/.test(folder)) throw baselineMissing(machine.name, 'the guest named no folder for it');
  return {
    machine: machine.name,
    folder,
    files: Number(files),
    packages: Number(packages),
    within,
    [Symbol.asyncDispose]: async () => {
      await askGuest(machine.guest, call, { script: 'rm -rf -- "$1"', words: [folder] });
    },
  };
}

export function baselineMissing(machine: string, why: string): GoqemuError {
  return new GoqemuError({
    code: 'baseline-missing',
    source: 'user',
    subject: machine,
    message: `there is no baseline of ${machine} to compare with: ${why}`,
    hint: 'take one with baseline() before the changes, and again after the machine was restored to a time before it',
  });
}
