import { hasErrorCode } from '@goqemu/core';
import { labKey } from '@goqemu/test/process';
import { type LoadedOpenLab, openLab } from '../../lab/open-lab.ts';
import type { EventSink } from '../../render/event-sink.ts';
import type { CollectedLab } from '../../sdk/test/collected-labs.ts';
import type { LabTestOptions } from '../../sdk/test/lab-fixtures.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import type { CollectedFile } from '../../tests/collected-file.ts';

/** A lab that tests run on, open. */
export interface TestedLab {
  readonly lab: LoadedOpenLab;
  readonly key: string;
  /** How tests use it; several files may do so in several ways. */
  readonly uses: readonly LabTestOptions[];
}

/** The labs of test files, each once, opened; close them with `await using`. */
export class TestedLabs implements AsyncDisposable {
  readonly all: readonly TestedLab[];

  private constructor(all: readonly TestedLab[]) {
    this.all = all;
  }

  static async open(context: CommandContext, files: readonly CollectedFile[], sink: EventSink): Promise<TestedLabs> {
    const labs = new Map<string, { readonly first: CollectedLab; readonly uses: LabTestOptions[] }>();
    for (const lab of files.flatMap((file) => file.labs)) {
      const key = labKey(lab.file ?? '', lab.options.stack ?? 'default', lab.options.parameters);
      const known = labs.get(key) ?? { first: lab, uses: [] };
      known.uses.push(lab.options);
      labs.set(key, known);
    }
    const opened: TestedLab[] = [];
    for (const [key, { first, uses }] of labs) {
      const lab = await openLabOf(context, first, sink);
      if (lab) opened.push({ lab, key, uses });
    }
    return new TestedLabs(opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { lab } of this.all) await lab[Symbol.asyncDispose]();
  }
}

/** Undefined for one that a test file defines itself, among its tests: that one is applied when its first test begins. */
async function openLabOf(
  context: CommandContext,
  { name, file, options }: CollectedLab,
  sink: EventSink,
): Promise<LoadedOpenLab | undefined> {
  if (file === undefined) return undefined;
  try {
    const lab = await openLab(context, { lab: file, stack: options.stack }, sink.handle);
    if (lab.name === name) return lab;
    await lab[Symbol.asyncDispose]();
  } catch (error) {
    if (!hasErrorCode(error, 'lab-export')) throw error;
  }
  return undefined;
}
