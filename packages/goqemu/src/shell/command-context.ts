import type { Logger } from '@goqemu/core';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Screen } from '../render/screen.ts';
import type { Style } from '../render/style.ts';
import type { DebugLog } from './debug-log.ts';
import type { Shell } from './shell.ts';

/** What every command is given: the shell, how to speak, and what the global options asked for. */
export interface CommandContext {
  readonly shell: Shell;
  /** Every command that there is. */
  readonly commands: readonly CommandSpec[];
  /** `goqemu apply`, for locks and logs. */
  readonly command: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  /** Colours of standard output. */
  readonly style: Style;
  /** Colours of standard error. */
  readonly noticeStyle: Style;
  readonly logger: Logger;
  readonly debugLog: DebugLog;
  /** The result, and nothing else, to standard output. */
  readonly print: (text: string) => void;
  /** One JSON document to standard output. */
  readonly printJson: (document: unknown) => void;
  /** Standard error, for text: errors and questions too. */
  readonly screen: Screen;
  /** A line to standard error; nothing with `--quiet`. */
  readonly tell: (line: string) => void;
  /** Asks for a secret; undefined where there is no terminal to ask on. */
  readonly promptSecret?: (question: string) => Promise<string>;
}
