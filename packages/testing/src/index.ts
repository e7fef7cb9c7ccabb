// A recorded session is a fake too.
export { type RecordedLine, recordSession, replaySession } from '@goqemu/protocol';
export * from './backend/index.ts';
export { unpackPackages } from './debian-packages/unpack-packages.ts';
export type { FakeGuestState } from './guest-agent/agent-command.ts';
export {
  FakeGuestAgent,
  type FakeGuestAgentFaults,
  type FakeGuestAgentOptions,
} from './guest-agent/fake-guest-agent.ts';
export type { Program, ProgramCall, ProgramEnd } from './guest-agent/guest-programs.ts';
export {
  type ChecksumOptions,
  ImageServer,
  type PathBehaviour,
  type RecordedRequest,
} from './image-server/image-server.ts';
export { findNewerQemu, type NewerQemu } from './newer-qemu/newer-qemu.ts';
export type { FakeJobOptions } from './qmp-server/fake-jobs.ts';
export type { FakeQmpHandler } from './qmp-server/fake-qmp-command.ts';
export { FakeQmpError } from './qmp-server/fake-qmp-error.ts';
export {
  type FakeQmpFaults,
  FakeQmpServer,
  type FakeQmpServerOptions,
  type ReceivedCommand,
} from './qmp-server/fake-qmp-server.ts';
export { socketPlace } from './qmp-server/socket-place.ts';
export * from './ssh-server/index.ts';
export { ensureTinyGuest, type TinyGuest, type TinyGuestOptions } from './tiny-guest/tiny-guest.ts';
export { type TinyGuestSeedOptions, tinyGuestSeed } from './tiny-guest/tiny-guest-seed.ts';
