export { FakeBackend, type FakeBackendOptions } from './fake-backend.ts';
export type { FakeCall, FakeVerb } from './fake-call.ts';
export type { FakeGuest } from './fake-endpoints.ts';
export { FakeHost, type FakeLayer, type FakeMachine, type FakeSwitch, type ForeignMachine } from './fake-host.ts';
export { LabBench, type LabBenchOptions } from './lab-bench.ts';
