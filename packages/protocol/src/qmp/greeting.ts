import type { WireMessage } from '../framing/message.ts';
import type { QemuVersion } from './version.ts';

/** What a monitor says first (QEMU docs/interop/qmp-spec, “Server Greeting”). */
export interface QmpGreeting {
  readonly version: QemuVersion;
  /** What can be negotiated, such as `oob`. */
  readonly capabilities: readonly string[];
}

/** Undefined when the message is something else. */
export function readGreeting(message: WireMessage): QmpGreeting | undefined {
  const body = message.QMP as
    | {
        version?: { qemu?: Partial<Record<'major' | 'minor' | 'micro', unknown>>; package?: unknown };
        capabilities?: unknown;
      }
    | undefined
    | null;
  const { major, minor, micro } = body?.version?.qemu ?? {};
  if (typeof major !== 'number' || typeof minor !== 'number' || typeof micro !== 'number') return undefined;
  const capabilities = Array.isArray(body?.capabilities) ? body.capabilities : [];
  return {
    version: { major, minor, micro, package: String(body?.version?.package ?? '').trim() },
    capabilities: capabilities.filter((name) => typeof name === 'string'),
  };
}
