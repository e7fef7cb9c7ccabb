/** What the processes of a `goqemu test` need besides tests: none of it imports `node:test`. */
export { endLeases } from './runner/open-leases.ts';
export { placeOfCall } from './runner/place.ts';
export { defaultTimeoutMs, labKey, type RunSettings, runSettingsVariable } from './runner/run-settings.ts';
