import type { QmpClient } from '@goqemu/protocol';

/** The part of a QMP client that checkpoints need. */
export type Monitor = Pick<QmpClient, 'executeUntyped'>;

/** What `query-migrate` says of a state that is on its way. */
export interface MigrationInfo {
  readonly status?: string;
  readonly 'error-desc'?: string;
  /** Bytes so far. */
  readonly ram?: { readonly transferred?: number };
  /** Where a QEMU that loads from a port of its own choice listens. */
  readonly 'socket-address'?: readonly { readonly port?: string }[];
}

export async function queryMigrate(monitor: Monitor, signal: AbortSignal): Promise<MigrationInfo> {
  return (await monitor.executeUntyped('query-migrate', {}, { signal })) as MigrationInfo;
}
