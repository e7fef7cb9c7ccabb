import { resolve } from 'node:path';
import { anySignal, formatByteSize, parseDuration } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { copyCapture, openCaptureFile } from '../../lab/write-capture.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { withNetworks } from './live-networks.ts';
import type { CaptureOptions } from './network.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<CaptureOptions>,
): Promise<number> {
  const [name = '', file = ''] = positionals;
  const { stdout, interrupt, workingFolder } = context.shell;
  const duration = options.duration === undefined ? undefined : parseDuration(options.duration as '1 s', '--duration');
  if (file === '-' && stdout.isTTY)
    throw usageError(
      'a capture is not text for a terminal',
      'name a file, or pipe it: goqemu capture lan - | tshark -r -',
    );
  return withNetworks(context, options, async (live) => {
    const signal = anySignal(interrupt, duration === undefined ? undefined : AbortSignal.timeout(duration));
    if (file === '-') {
      await copyCapture(await live.capture(name), stdout, signal);
      return exitCode.done;
    }
    const frames = await live.capture(name);
    await using output = await openCaptureFile(resolve(workingFolder, file), frames);
    context.tell(`Capturing ${name} in ${file}${duration === undefined ? '; end it with Ctrl-C' : ''}`);
    context.tell(`${file}: ${formatByteSize(await output.write(signal))}`);
    return exitCode.done;
  });
}
