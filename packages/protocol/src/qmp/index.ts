export type { ReplyError } from '../channel/reply.ts';
export type * from '../generated/qmp-schema.ts';
export { type GeneratedFiles, type GenerateTypesOptions, generateTypes, type TypesSource } from '../qapi/index.ts';
export type { IntrospectedEntity } from '../qapi/introspected-schema.ts';
export type { RecordedLine } from '../recording/recorded-line.ts';
export { recordSession } from '../recording/recording-transport.ts';
export { replaySession } from '../recording/replay-transport.ts';
export {
  type Connectable,
  type DescriptorAddress,
  openTransport,
  type ProcessAddress,
  type SocketPathAddress,
  type TcpAddress,
  type TransportAddress,
} from '../transports/address.ts';
export { type DescriptorPassing, fdPassing } from '../transports/descriptor-passing.ts';
export type { OpenOptions } from '../transports/open-socket.ts';
export type { PreSharedKey } from '../transports/tls-psk.ts';
export type { PassedDescriptor, Transport, TransportEnd } from '../transports/transport.ts';
export { type CommandTimeouts, defaultCommandTimeouts } from './command-timeouts.ts';
export type {
  AnyQmpEvent,
  ExecuteOptions,
  ExecuteParameters,
  HasJobId,
  JobCommandName,
  QmpArguments,
  QmpCommandName,
  QmpEvent,
  QmpEventName,
  QmpResult,
} from './commands.ts';
export type { QmpGreeting } from './greeting.ts';
export { type IntrospectionCache, QmpIntrospection } from './introspection.ts';
export type { JobProgress, RunJobOptions } from './job.ts';
export { QmpClient, type QmpClientOptions } from './qmp-client.ts';
export type { QmpEnd } from './qmp-connection.ts';
export { isQmpCommandError, QmpCommandError } from './qmp-errors.ts';
export { type ConnectionState, ReconnectingQmpClient, type ReconnectOptions } from './reconnecting-qmp-client.ts';
export type { QmpCommands, QmpEvents } from './schema-types.ts';
export { formatQemuVersion, isAtLeast, type QemuVersion } from './version.ts';
export { qmpSince } from './version-hint.ts';
export type { WaitForOptions } from './wait-for-event.ts';
