import { GoqemuError, scaledTimeout } from '@goqemu/core';
import { type AskCall, askGuest, readFields } from '../ask/ask-guest.ts';
import { checkOptions, checkPath, optionInvalid } from '../options/check-options.ts';
import type { ProbedMachine } from '../probes/probe.ts';
import type { Baseline, BaselineOptions, PackedBaseline } from './baseline-types.ts';
import { packScript, takeScript, unpackScript } from './manifest-script.ts';

/** Walking through a guest that is emulated takes a while. */
export const walkMs = 300_000;

/** @throws GoqemuError `option-invalid`, `expectation-unanswered`, `expectation-unsupported` */
export async function takeBaseline(machine: ProbedMachine, options: BaselineOptions | undefined): Promise<Baseline> {
  const what = `${machine.name}.baseline()`;
  const { within = [] } = checkOptions<BaselineOptions>(what, options, ['within']);
  if (!Array.isArray(within)) throw optionInvalid(what, 'within', 'a list of absolute paths', within);
  for (const path of within) checkPath(`${what}: within`, path);
  const { stdout } = await askGuest(machine.guest, walkOf(machine), { script: takeScript, words: within });
  const { files, packages } = readFields(stdout).fields;
  return inFolder(machine, stdout, { files: Number(files), packages: Number(packages), within });
}

/** The baseline, to be compared with in another guest. */
export async function packBaseline(machine: ProbedMachine, baseline: Baseline): Promise<PackedBaseline> {
  const { folder, files, packages, within } = baseline;
  const { stdout } = await askGuest(machine.guest, walkOf(machine), { script: packScript, words: [folder] });
  return { files, packages, within, archive: stdout };
}

/** Puts a baseline of another guest into this one. */
async function unpackBaseline(machine: ProbedMachine, packed: PackedBaseline): Promise<Baseline> {
  const { archive: input, ...others } = packed;
  const { stdout } = await askGuest(machine.guest, walkOf(machine), { script: unpackScript, input });
  return inFolder(machine, stdout, others);
}

/** What a machine is compared with by default: the last baseline, or the machine as it was when the test began. */
export async function usualBaseline(machine: ProbedMachine): Promise<Baseline> {
  const { baselines } = machine;
  if (baselines.last) return baselines.last;
  if (!baselines.atBeginning) throw baselineMissing(machine.name, 'none was taken');
  baselines.last = await unpackBaseline(machine, await baselines.atBeginning());
  return baselines.last;
}

function walkOf({ waiting: { signal } }: ProbedMachine): AskCall {
  return { timeoutMs: scaledTimeout(walkMs, process.env), signal };
}

function inFolder(machine: ProbedMachine, answer: string, what: Pick<Baseline, 'files' | 'packages' | 'within'>) {
  const { folder } = readFields(answer).fields;
  if (!folder || !/^\/[\w./-]+$/.test(folder)) throw baselineMissing(machine.name, 'the guest named no folder for it');
  return {
    machine: machine.name,
    folder,
    ...what,
    [Symbol.asyncDispose]: async () => {
      await askGuest(machine.guest, walkOf(machine), { script: 'rm -rf -- "$1"', words: [folder] });
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
