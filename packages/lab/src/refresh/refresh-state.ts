import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ResourceRef } from '../resource/resource-ref.ts';
import { StateWriter } from '../state/state-writer.ts';

export interface RefreshReport {
  readonly drift: readonly { readonly resource: ResourceRef; readonly reason: string }[];
}

/** Looks at every resource and writes into the state what has become of it. */
export async function refreshState(context: EngineContext, signal: AbortSignal | undefined): Promise<RefreshReport> {
  await using _lock = await context.storage.lock(context.command, 0, signal);
  const read = await context.read();
  const { state } = read;
  const call = context.plainCall(state.lineage, 'refresh', signal);
  const found = await Promise.all(
    context.kinds.map(async (kind) => ({
      kind: kind.kind,
      ...(await kind.refresh({ state, backend: context.backend, call })),
    })),
  );
  if (read.exists) await context.storage.register(state.lineage); // a lab's folder may have been moved
  const changed = found.filter(({ rows }) => Object.keys(rows).length > 0);
  if (changed.length > 0) {
    const writer = await StateWriter.open(context.storage, read, context.command);
    await writer.note({ resources: Object.fromEntries(changed.map(({ kind, rows }) => [kind, rows])) });
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
  return {
    drift: found.flatMap(({ kind, drift }) => drift.map(({ name, reason }) => ({ resource: { kind, name }, reason }))),
  };
}
