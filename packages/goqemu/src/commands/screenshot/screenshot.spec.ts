import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions } as const satisfies OptionSpecs;

export type ScreenshotOptions = typeof options;

export const screenshotCommand = defineCommand({
  name: 'screenshot',
  summary: 'write a picture of the screen of a machine',
  description:
    'As PNG, of a machine with display: true; also of one that is paused, or whose guest has crashed. A file that is there is\nreplaced.',
  positionals: [
    { name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine' },
    {
      name: 'FILE',
      summary: 'MACHINE.png in the working folder by default; - is standard output',
      optional: true,
      completes: 'file',
    },
  ],
  options,
  examples: [
    { command: 'goqemu screenshot web', does: 'web.png' },
    { command: 'goqemu screenshot web - | magick - web.jpg', does: 'to another program' },
  ],
  load: async () => (await import('../reaching-commands.ts')).screenshot,
});
