import { resolve } from 'node:path';
import { scaledTimeout, withDeadline, writeFileAtomic } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { reachProcess } from '../../lab/reach-machine.ts';
import { useDisplay } from '../../lab/use-display.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { ScreenshotOptions } from './screenshot.spec.ts';

/** Milliseconds; other readers of the monitor may come first. */
const pictureMs = 30_000;

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<ScreenshotOptions>,
): Promise<number> {
  const [name = '', file = `${name}.png`] = positionals;
  const { stdout, interrupt, workingFolder, platform } = context.shell;
  if (file === '-' && stdout.isTTY)
    throw usageError('a picture is not text for a terminal', `name a file, such as ${name}.png, or pipe it`);
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const png = await withDeadline('the picture', scaledTimeout(pictureMs, platform.env), interrupt, async (signal) =>
    useDisplay(await reachProcess(lab, name, signal), (display) => display.screenshot({ signal }), signal),
  );
  if (file === '-') {
    stdout.write(png);
    return exitCode.done;
  }
  await writeFileAtomic(resolve(workingFolder, file), png);
  context.tell(`${file}: ${png.readUInt32BE(16)} × ${png.readUInt32BE(20)} pixels`);
  return exitCode.done;
}
