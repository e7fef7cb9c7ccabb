import { dirname, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { LabDefinition } from '@goqemu/lab';
import { type ForeignTest, type GiveLab, labForRunner, readRunSettings } from '@goqemu/test';
import { z } from 'zod';
import { readOptions } from '../guest/invalid-option.ts';
import { importedLab, labSource, readLabTestOptions } from './lab-source.ts';
import { removeOldTraces } from './old-traces.ts';
import type { RunnerLabOptions } from './runner-fixtures.ts';

/** A lab for the tests of a runner, and the names of what they are given. */
export interface RunnerLab {
  readonly give: GiveLab;
  readonly fixtures: readonly string[];
}

const schema = z.strictObject({
  trace: z.enum(['on-failure', 'full', 'off']).optional(),
  traceDir: z.string().min(1).optional(),
});

/** What messages name. */
const call = 'labFixtures';

/** @throws GoqemuError `option-invalid` */
export function runnerLab(
  name: string,
  imported: LabDefinition,
  { trace, traceDir, ...given }: RunnerLabOptions,
  usualTraces: string,
): RunnerLab {
  const own = readOptions(schema, { trace, traceDir }, call);
  const { matrix, ...options } = readLabTestOptions(given, call);
  if (matrix !== undefined) readOptions(schema, { matrix }, call); // which has no such option
  const source = labSource(name, importedLab(imported), options, call);
  const traces = resolve(own.traceDir ?? usualTraces);
  const settings = {
    ...readRunSettings({}, dirname(traces)),
    // Of all processes or threads of one run.
    id: (isMainThread ? process.ppid : process.pid).toString(36),
    trace: own.trace ?? ('on-failure' as const),
    traces,
  };
  const give = labForRunner(source, settings);
  return {
    fixtures: [name, 'net', 'mark', 'attach', ...source.machines],
    give: async (test, use) => {
      let left = false;
      const note: ForeignTest['note'] = (text, file) => {
        left ||= file !== undefined && dirname(file) === traces;
        test.note(text, file);
      };
      await give({ ...test, note }, use);
      if (left) await removeOldTraces(settings);
    },
  };
}
