export type { QgaCommands } from '../generated/qga-schema.ts';
