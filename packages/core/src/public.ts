/** What goqemu publishes of this package; what its siblings need besides is in index.ts. */
export type { ErrorCode } from './errors/error-codes.ts';
export {
  type ErrorSource,
  GoqemuError,
  type GoqemuErrorOptions,
  hasErrorCode,
  isGoqemuError,
  type SourceLocation,
} from './errors/goqemu-error.ts';
export type { Unsubscribe } from './events/event-emitter.ts';
export type { Logger, LogLevel } from './log/logger.ts';
export type { HostPlatform, HostSystem, MovedFolder } from './platform/host-platform.ts';
export type { ProcessIdentity } from './process/process-identity.ts';
export type { ByteSize, ByteUnit } from './units/bytes.ts';
export type { Duration, DurationUnit } from './units/duration.ts';
