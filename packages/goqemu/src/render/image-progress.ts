import type { ImageProgress } from '@goqemu/image';
import type { CommandContext } from '../shell/command-context.ts';
import { roundedSize } from './rounded-size.ts';

/** How often a line that shows a download is redrawn, in milliseconds. */
const redrawMs = 200;

/** Shows what fetching an image does: one line that is redrawn on a terminal, a line for each stage elsewhere. */
export function imageProgress({ shell, screen, quiet, noticeStyle: style }: CommandContext): {
  onProgress: (progress: ImageProgress) => void;
  end: () => void;
} {
  const live = shell.stderr.isTTY === true;
  let drawnAt = 0;
  let open = false;
  const line = (text: string) => {
    if (quiet) return;
    end();
    screen.write(`${text}\n`);
  };
  const end = () => {
    if (open) shell.stderr.write('\r\u001b[K');
    open = false;
  };
  const onProgress = (progress: ImageProgress) => {
    if (progress.kind === 'download' || progress.kind === 'copy') {
      if (!live || quiet || Date.now() - drawnAt < redrawMs) return;
      drawnAt = Date.now();
      open = true;
      const total = progress.total ? ` of ${roundedSize(progress.total)}` : '';
      shell.stderr.write(`\r\u001b[K${style.dim(`${roundedSize(progress.bytes)}${total}`)}`);
    } else if (progress.kind === 'resume') line(`resuming at ${roundedSize(progress.bytes)}: ${progress.reason}`);
    else if (progress.kind === 'choose')
      line(`${progress.how}: ${progress.source}${progress.why ? ` (${progress.why})` : ''}`);
    else line(progress.message);
  };
  return { onProgress, end };
}
