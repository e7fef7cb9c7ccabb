import type { Architecture } from '@goqemu/spec';
import type { BackendCapabilities } from './capabilities.ts';
import type { DiagnosisRole } from './diagnosis.ts';
import type { EndpointRole } from './endpoints.ts';
import type { ImageRole } from './images.ts';
import type { LayerRole } from './layers.ts';
import type { MachineRole } from './machines.ts';
import type { NetworkRole } from './networks.ts';

export type * from './call.ts';
export type * from './capabilities.ts';
export type * from './diagnosis.ts';
export type * from './endpoints.ts';
export type * from './images.ts';
export type * from './importing.ts';
export type * from './layers.ts';
export type * from './machine-display.ts';
export type * from './machines.ts';
export type * from './networks.ts';
export type * from './preflight.ts';

/**
 * What the engine needs from a place where machines can run. It never prints, keeps no state of its own
 * beyond what it returns as records, and each acting verb converges when called again with the same
 * arguments after a crash. A record may then be one call behind the machine; after a crash in `create`
 * there is none, and `delete` is called with `{}`. `start` also takes a paused machine on. Errors are
 * GoqemuErrors; a step that fails throws `step-failed` with `data: { command, exitCode, output }`. No process, port or
 * path of a host crosses it but for display: what is reached is opened as a stream. Disposing of it closes what it keeps.
 */
export interface Backend
  extends MachineRole,
    LayerRole,
    ImageRole,
    NetworkRole,
    EndpointRole,
    DiagnosisRole,
    AsyncDisposable {
  /** Recorded in the state: a state made by one kind of backend is refused by another. */
  readonly kind: string;
  /** The architecture whose guests it runs without emulation: that of machines whose lab names none. */
  readonly architecture: Architecture;
  /** What this place can do beyond what every backend must. */
  readonly capabilities: BackendCapabilities;
}
