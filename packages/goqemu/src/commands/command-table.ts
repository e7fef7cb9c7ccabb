import type { RunnableCommand } from '../shell/runnable-command.ts';
import { applyCommand } from './apply/apply.spec.ts';
import { bisectCommand } from './bisect/bisect.spec.ts';
import { checkpointCommands } from './checkpoint/checkpoint.spec.ts';
import { codegenCommand } from './codegen/codegen.spec.ts';
import { completionCommand } from './completion/completion.spec.ts';
import { consoleCommand } from './console/console.spec.ts';
import { cpCommand } from './cp/cp.spec.ts';
import { destroyCommand } from './destroy/destroy.spec.ts';
import { doctorCommand } from './doctor/doctor.spec.ts';
import { execCommand } from './exec/exec.spec.ts';
import { forwardCommand } from './forward/forward.spec.ts';
import { graphCommand } from './graph/graph.spec.ts';
import { helpCommand } from './help/help.spec.ts';
import { historyCommand } from './history/history.spec.ts';
import { imageCommands } from './image/image.spec.ts';
import { importCommand } from './import/import.spec.ts';
import { initCommand } from './init/init.spec.ts';
import { lockCommand } from './lock/lock.spec.ts';
import { logsCommand } from './logs/logs.spec.ts';
import { captureCommand, networkCommands } from './network/network.spec.ts';
import { outputCommand } from './output/output.spec.ts';
import { planCommand } from './plan/plan.spec.ts';
import { powerCommands } from './power/power.spec.ts';
import { qmpCommand } from './qmp/qmp.spec.ts';
import { refreshCommand } from './refresh/refresh.spec.ts';
import { screenshotCommand } from './screenshot/screenshot.spec.ts';
import { sshCommand } from './ssh/ssh.spec.ts';
import { sshConfigCommand } from './ssh-config/ssh-config.spec.ts';
import { statusCommand } from './status/status.spec.ts';
import { testCommand } from './test/test.spec.ts';
import { traceCommands } from './trace/trace.spec.ts';
import { validateCommand } from './validate/validate.spec.ts';

/** Every command, in the order that help shows them: parser, help, completion and docs/cli.md read this table. */
export const commands: readonly RunnableCommand[] = [
  initCommand,
  validateCommand,
  planCommand,
  applyCommand,
  destroyCommand,
  ...powerCommands,
  statusCommand,
  outputCommand,
  refreshCommand,
  execCommand,
  sshCommand,
  cpCommand,
  forwardCommand,
  logsCommand,
  consoleCommand,
  screenshotCommand,
  ...checkpointCommands,
  ...networkCommands,
  captureCommand,
  testCommand,
  ...traceCommands,
  bisectCommand,
  ...imageCommands,
  doctorCommand,
  graphCommand,
  historyCommand,
  lockCommand,
  importCommand,
  qmpCommand,
  sshConfigCommand,
  codegenCommand,
  completionCommand,
  helpCommand,
] as readonly RunnableCommand[];
