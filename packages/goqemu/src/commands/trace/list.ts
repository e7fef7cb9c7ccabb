import { relative } from 'node:path';
import { visibleWord } from '@goqemu/core';
import { isKept, keptBytes } from '@goqemu/test/process';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import { table } from '../../render/table.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { type FoundTrace, readTraces, tracesFolder } from '../../traces/trace-folder.ts';
import type { TraceListOptions } from './trace.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<TraceListOptions>): Promise<number> {
  const { workingFolder } = context.shell;
  const folder = tracesFolder(workingFolder, options['trace-dir']);
  const { traces, broken } = await readTraces(folder);
  for (const { error } of broken) context.tell(`${error.message}; ${error.hint}`);
  if (options.json) context.printJson({ version: 1, traces: traces.map((trace) => document(trace, workingFolder)) });
  else if (traces.length === 0) context.print(`no traces in ${relative(workingFolder, folder) || '.'}\n`);
  else context.print(table(['TRACE', 'TEST', 'FAILED', 'MACHINES', 'SIZE'], traces.map(row), context.style));
  return exitCode.done;
}

function row({ name, record }: FoundTrace): readonly string[] {
  const place = record.evidence?.place;
  const kept = place && isKept(place) ? place : undefined;
  return [
    visibleWord(name),
    visibleWord(record.name),
    new Date(record.startedAt + record.durationMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    kept ? kept.machines.map((machine) => machine.name).join(', ') : 'not kept',
    kept ? roundedSize(keptBytes(record)) : '-',
  ];
}

function document({ path, name, record }: FoundTrace, workingFolder: string) {
  const { file, line, startedAt, durationMs, error, evidence } = record;
  return {
    name,
    path,
    test: record.name,
    file: relative(workingFolder, file),
    line: line ?? null,
    failedAt: new Date(startedAt + durationMs).toISOString(),
    error: error?.message ?? null,
    place: evidence?.place ?? null,
  };
}
