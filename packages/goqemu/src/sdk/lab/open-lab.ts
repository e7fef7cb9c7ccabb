import type { Logger } from '@goqemu/core';
import type { EngineEvent } from '@goqemu/lab';
import type { RunningLab } from './running-lab.ts';

export interface OpenLabOptions {
  /** Which instance of the lab; `default` unless given. A fork is one, too. */
  readonly stack?: string;
  /** Values for the lab's parameters; the schema's defaults unless given. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Hears what the engine does, as `--events` writes it. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Silent unless given. */
  readonly logger?: Logger;
}

/**
 * Opens a lab for a script: what the command line does with it, as calls. Nothing is made or started yet.
 *
 * @param file the lab's file or folder, relative to the working folder; `lab.ts` unless given
 * @throws GoqemuError `lab-missing`, `lab-syntax`, `lab-threw`, `lab-export`
 * @example
 * await using lab = await openLab('lab.ts');
 * await lab.apply();
 * await using fork = await lab.fork('ready');
 * await fork.machine('web').sendCommand('systemctl restart nginx', { sudo: true, check: true });
 */
export async function openLab(file?: string, options: OpenLabOptions = {}): Promise<RunningLab> {
  // Labs import this package, too: what opens them loads when it is asked for.
  const { openRunningLab } = await import('./running-lab.ts');
  return openRunningLab(file, options);
}
