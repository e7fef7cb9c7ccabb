import type { EngineContext } from '../engine-context/engine-context.ts';
import { forksOf } from '../fork/forks-of.ts';
import { resolveOutputs } from './resolve-outputs.ts';
import type { StatusReport } from './status-report.ts';

/** Looks at every resource of the state; takes no lock and writes nothing. */
export async function makeStatusReport(context: EngineContext, signal?: AbortSignal): Promise<StatusReport> {
  const { state } = await context.read();
  const call = context.plainCall(state.lineage, 'status', signal);
  const reports = await Promise.all(
    context.kinds.map((kind) => kind.report({ state, backend: context.backend, call })),
  );
  const { forkedFrom } = state;
  return {
    version: 1,
    lab: state.lab,
    stack: state.stack,
    forkedFrom: forkedFrom ? { stack: forkedFrom.stack, ...forkedFrom.checkpoint } : null,
    forks: (await forksOf(context)).map((fork) => fork.name),
    machines: reports.flatMap((report) => report.machines ?? []),
    networks: reports.flatMap((report) => report.networks ?? []),
    outputs: resolveOutputs(state),
  };
}
