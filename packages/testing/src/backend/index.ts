export { FakeBackend, type FakeBackendOptions, type FakeCall, type FakeVerb } from './fake-backend.ts';
export { FakeHost, type FakeLayer, type FakeMachine } from './fake-host.ts';
export { LabBench, type LabBenchOptions } from './lab-bench.ts';
