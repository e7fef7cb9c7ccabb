import type { CommandSpec } from '../arguments/command-spec.ts';
import { completionCommand } from './completion/completion.spec.ts';
import { helpCommand } from './help/help.spec.ts';
import { initCommand } from './init/init.spec.ts';

/** Every command, in the order that help shows them: parser, help, completion and docs/cli.md read this table. */
export const commands: readonly CommandSpec[] = [initCommand, completionCommand, helpCommand];
