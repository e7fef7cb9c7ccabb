export type { QmpCommands, QmpEvents } from '../generated/qmp-schema.ts';
