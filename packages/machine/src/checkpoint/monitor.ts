import type { QmpClient } from '@goqemu/protocol';

/** The part of a QMP client that checkpoints need. */
export type Monitor = Pick<QmpClient, 'executeUntyped'>;
