import type { CaptureOptions, FileOptions, RunOptions, UploadOptions } from '@goqemu/lab';
import { table } from './markdown-table.ts';

type StepOption = keyof RunOptions | keyof CaptureOptions | keyof UploadOptions | keyof FileOptions;

interface StepOptionText {
  /** The steps that take it. */
  readonly of: string;
  readonly type: string;
  readonly default: string;
  readonly about: string;
  /** What a change in the lab does. */
  readonly change: string;
}

const again = 'the step runs again';

/** What steps take; an option that is missing does not compile. */
const options: Readonly<Record<StepOption, StepOptionText>> = {
  user: { of: 'all', type: 'text', default: '`root`', about: "the guest's user who runs it", change: again },
  workingDirectory: {
    of: 'all',
    type: 'path',
    default: "the user's home folder",
    about: 'absolute path of the folder that it runs in',
    change: again,
  },
  environment: {
    of: 'all',
    type: 'object',
    default: 'none',
    about: 'environment variables; values may be late',
    change: again,
  },
  timeout: {
    of: 'all',
    type: 'duration',
    default: "`'30 min'`; `reboot` `'10 min'`",
    about: 'how long it may take',
    change: 'none',
  },
  cache: {
    of: 'all',
    type: "`'never'` or `{ ttl }`",
    default: 'runs once',
    about: "`'never'`: at every apply; `{ ttl: '1 d' }`: once the last run is that old",
    change: 'none',
  },
  after: {
    of: 'all',
    type: 'machines',
    default: 'none',
    about: 'runs after the steps that these machines have so far, and again when those change',
    change: again,
  },
  interpreter: {
    of: '`run`, `capture`',
    type: 'path',
    default: '`/bin/sh`',
    about: 'absolute path of the program that is given the script',
    change: again,
  },
  secret: {
    of: '`capture`',
    type: 'boolean',
    default: '`false`',
    about: 'the value is kept encrypted and shown nowhere',
    change: again,
  },
  maxBytes: {
    of: '`capture`',
    type: 'number',
    default: '1048576',
    about: 'bytes that it may print, from 1 to 16 MiB',
    change: 'none',
  },
  mode: {
    of: '`upload`, `file`, `render`',
    type: 'number',
    default: 'that of the source; 0o644',
    about: 'permission bits, of a file',
    change: again,
  },
  owner: {
    of: '`upload`, `file`, `render`',
    type: 'text',
    default: '`root:root`',
    about: '`user` or `user:group`',
    change: again,
  },
};

/** Of the steps, for docs/lab.md. */
export function stepOptionTable(): string {
  return table(
    ['option', 'of', 'type', 'default', 'what it is', 'a change means'],
    Object.entries(options).map(([name, text]) => [
      `\`${name}\``,
      text.of,
      text.type,
      text.default,
      text.about,
      text.change,
    ]),
  );
}
