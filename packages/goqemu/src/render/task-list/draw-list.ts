import type { ListrTask } from 'listr2';
import type { OutputStream } from '../../shell/shell.ts';
import type { ResourceProgress } from './resource-progress.ts';

/** Draws a list until each of its tasks has ended. */
export type DrawList = (entries: ListrTask[]) => Promise<unknown>;

/**
 * What draws lists on a terminal. listr2 is loaded here and nowhere else. Its own handling of Ctrl-C, which leaves with
 * code 127, is off, and it draws on standard error whether or not standard output is a terminal.
 */
export async function drawOn(stream: OutputStream, progress: ResourceProgress): Promise<DrawList> {
  const { createWritable, DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2');
  class RendererOnStderr extends DefaultRenderer {
    static override nonTTY = true;

    override create(parts?: {
      readonly tasks?: boolean;
      readonly bottomBar?: boolean;
      readonly prompt?: boolean;
    }): string {
      const whole = super.create(parts);
      // The last drawing is without a prompt, and stays: whole, as what scrolls by can be read.
      return parts?.prompt === false ? whole : progress.fitted(whole, stream.rows ?? Number.POSITIVE_INFINITY);
    }
  }
  return (entries) => {
    const nowhere = createWritable(() => undefined) as NodeJS.WriteStream;
    const output = new ProcessOutput(stream as NodeJS.WriteStream, nowhere, { leaveEmptyLine: false });
    const list = new Listr(entries, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: RendererOnStderr,
      rendererOptions: {
        collapseSubtasks: false,
        collapseErrors: false,
        showErrorMessage: false,
        formatOutput: 'truncate',
        logger: new ListrLogger({ useIcons: true, toStderr: [], processOutput: output }),
      },
    });
    return list.run();
  };
}
