import type { CommandSpec } from '../arguments/command-spec.ts';
import { applyCommand } from './apply/apply.spec.ts';
import { checkpointCommands } from './checkpoint/checkpoint.spec.ts';
import { completionCommand } from './completion/completion.spec.ts';
import { destroyCommand } from './destroy/destroy.spec.ts';
import { graphCommand } from './graph/graph.spec.ts';
import { helpCommand } from './help/help.spec.ts';
import { historyCommand } from './history/history.spec.ts';
import { initCommand } from './init/init.spec.ts';
import { planCommand } from './plan/plan.spec.ts';
import { refreshCommand } from './refresh/refresh.spec.ts';
import { statusCommand } from './status/status.spec.ts';

/** Every command, in the order that help shows them: parser, help, completion and docs/cli.md read this table. */
export const commands: readonly CommandSpec[] = [
  initCommand,
  planCommand,
  applyCommand,
  destroyCommand,
  statusCommand,
  refreshCommand,
  ...checkpointCommands,
  graphCommand,
  historyCommand,
  completionCommand,
  helpCommand,
] as readonly CommandSpec[];
