export type { ReplyError } from '../channel/reply.ts';
export type * from '../generated/qga-schema.ts';
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
export type { OpenOptions } from '../transports/open-socket.ts';
export type { PassedDescriptor, Transport, TransportEnd } from '../transports/transport.ts';
export type { FileTransferOptions, GuestFileSource, WriteFileOptions } from './files.ts';
export type { FreezeOptions } from './freeze.ts';
export type {
  AgentExecOptions,
  AgentExecResult,
  QgaArguments,
  QgaCommandName,
  QgaExecuteOptions,
  QgaResult,
} from './guest-agent.ts';
export { GuestAgentClient, type GuestAgentClientOptions } from './guest-agent-client.ts';
export { isQgaCommandError, QgaCommandError } from './qga-errors.ts';
export type { QgaCommands } from './schema-types.ts';
export type { StreamedExecOptions, StreamedExecResult } from './streamed-exec.ts';
