export type { Ending } from './command/command-channel.ts';
export { assertSucceeded } from './command/command-failed.ts';
export type {
  Command,
  CommandInput,
  CommandOptions,
  CommandResult,
  TerminalSize,
} from './command/command-options.ts';
export type { CommandStream, OutputChunk } from './command/command-stream.ts';
export { commandText } from './command/remote-command.ts';
export { describeCondition, type GuestCondition, type WaitForOptions } from './conditions/conditions.ts';
export { waitFor } from './conditions/wait-for.ts';
export type { OpenChannel } from './far-end/channel-dialer.ts';
export { greet } from './far-end/greet.ts';
export { type Greeting, protocolVersion } from './far-end/greeting.ts';
export { farEndLauncher, notLaunched } from './far-end/launch-far-end.ts';
export { PortLine, type PortTransport } from './far-end/port-line.ts';
export {
  applyIdentity,
  type GuestIdentity,
  type GuestRunner,
  identityScript,
  newEntropySeed,
  newMachineId,
} from './identity/guest-identity.ts';
export { type AccessKey, AccessKeyStore } from './keys/access-key-store.ts';
export { HostKeyStore } from './keys/host-key-store.ts';
export { healKeyFiles, readKeyFiles, writeKeyFiles } from './keys/key-files.ts';
export { generateSshKeyPair, keyFingerprint, parsePublicKey, type SshKeyPair } from './keys/key-pair.ts';
export { awaitAddresses, type GuestCard, prepareCards, setWayOut } from './network/join-networks.ts';
export type { CloudInitState } from './readiness/cloud-init.ts';
export { consoleTail } from './readiness/console-watch.ts';
export type { ProcessorGauge } from './readiness/guest-time.ts';
export {
  defaultStageTimeouts,
  type ReadinessStage,
  readinessStages,
  type StageReached,
} from './readiness/stages.ts';
export { type Readiness, type ReadinessOptions, waitUntilReady } from './readiness/wait-until-ready.ts';
export type { ConnectOptions } from './session/dialer.ts';
export type { GuestCredentials, SshEndpoint } from './session/endpoint.ts';
export { GuestSession, type GuestSessionOptions } from './session/guest-session.ts';
export type { InteractiveShell, ShellOptions } from './shell/interactive-shell.ts';
export type { DownloadOptions } from './transfer/download.ts';
export type { TransferOptions } from './transfer/sftp.ts';
export type { UploadOptions } from './transfer/upload.ts';
export type { WriteFileOptions } from './transfer/write-file.ts';
export type { ReverseTunnelOptions, Tunnel, TunnelOptions } from './tunnel/tunnel.ts';
