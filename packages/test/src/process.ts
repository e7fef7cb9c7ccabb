/** What the processes of a `goqemu test` need besides tests: none of it imports `node:test`. */
export * from './record/test-record.ts';
export { endLeases } from './runner/open-leases.ts';
export { placeOfCall } from './runner/place.ts';
export {
  defaultKeepTraces,
  defaultTimeoutMs,
  labKey,
  type RunSettings,
  runSettingsVariable,
} from './runner/run-settings.ts';
export { updateVariable } from './screen/update-variable.ts';
export { formatTrace, parseTrace, readTrace, traceSuffix } from './trace/trace-file.ts';
