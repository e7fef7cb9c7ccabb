/** What goqemu publishes of this package; what its siblings need besides is in index.ts. */
// A recorded session is a fake too.

// What a bench plans and applies, and what a backend is given, by name.
export type * from '@goqemu/lab/public-engine';
export { type RecordedLine, recordSession, replaySession } from '@goqemu/protocol';
export type { FakeOutput } from './backend/fake-machines.ts';
export type { FakeFault, FakeMoment } from './backend/fake-moments.ts';
export {
  FakeBackend,
  type FakeBackendOptions,
  type FakeCall,
  type FakeGuest,
  FakeHost,
  type FakeLayer,
  type FakeMachine,
  type FakeSwitch,
  type FakeVerb,
  type ForeignMachine,
  LabBench,
  type LabBenchOptions,
} from './backend/index.ts';
export type { AgentArguments, AgentHandler, FakeGuestState } from './guest-agent/agent-command.ts';
export {
  FakeGuestAgent,
  type FakeGuestAgentFaults,
  type FakeGuestAgentOptions,
} from './guest-agent/fake-guest-agent.ts';
export type { GuestFiles } from './guest-agent/guest-files.ts';
export type { GuestPrograms, Program, ProgramCall, ProgramEnd } from './guest-agent/guest-programs.ts';
export {
  type ChecksumOptions,
  ImageServer,
  type PathBehaviour,
  type RecordedRequest,
} from './image-server/image-server.ts';
export { findNewerQemu, type NewerQemu } from './newer-qemu/newer-qemu.ts';
export type { ChardevFaults } from './qmp-server/chardev.ts';
export type { Emit, FakeJob, FakeJobOptions, FakeJobs } from './qmp-server/fake-jobs.ts';
export type { FakeArguments, FakeMonitor, FakeQmpHandler } from './qmp-server/fake-qmp-command.ts';
export { FakeQmpError } from './qmp-server/fake-qmp-error.ts';
export {
  type FakeQmpFaults,
  FakeQmpServer,
  type FakeQmpServerOptions,
  type ReceivedCommand,
} from './qmp-server/fake-qmp-server.ts';
export {
  type ExecHandler,
  FakeSshServer,
  type FakeSshServerOptions,
  FaultyLink,
  type OpensshServer,
  type OpensshServerOptions,
  startOpensshServer,
} from './ssh-server/index.ts';
export { ensureTinyGuest, type TinyGuest, type TinyGuestOptions } from './tiny-guest/tiny-guest.ts';
export { type TinyGuestSeedOptions, tinyGuestSeed } from './tiny-guest/tiny-guest-seed.ts';
