import type { CommandContext } from '../shell/command-context.ts';
import { eventFile } from './event-file.ts';
import { eventLog } from './event-log.ts';
import { allSinks, type EventSink } from './event-sink.ts';
import { plainLines } from './plain-lines.ts';

/**
 * What receives the engine's events: the debug log always; a live list where standard error is a terminal, plain
 * lines elsewhere and with --verbose; a file of events where asked for.
 *
 * @param also another sink, which the caller closes
 */
export async function chooseRenderer(
  context: CommandContext,
  events: string | undefined,
  also?: Pick<EventSink, 'handle'>,
): Promise<EventSink> {
  const { shell, noticeStyle: style, quiet, verbose, debug } = context;
  const sinks: EventSink[] = [eventLog(context.logger)];
  if (events !== undefined) sinks.push(eventFile(events, shell.workingFolder, shell.stdout));
  if (also) sinks.push({ handle: also.handle, close: async () => undefined });
  const options = { style, workingFolder: shell.workingFolder };
  const live =
    shell.stderr.isTTY === true && !quiet && !verbose && !debug && !(events === '-' && shell.stdout.isTTY === true);
  if (live && shell.platform.env.TERM !== 'dumb') {
    const { taskList } = await import('./task-list/task-list.ts');
    sinks.push(await taskList({ ...options, stream: shell.stderr }));
  } else sinks.push(plainLines({ ...options, screen: context.screen, quiet, verbose }));
  return allSinks(sinks);
}
