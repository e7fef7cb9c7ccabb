export type { TestedCommandOptions, TestedCommandResult, TestedGuest } from './tested-guest.ts';
