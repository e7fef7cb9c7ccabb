import { join } from 'node:path';
import { hostPlatform, silentLogger } from '@goqemu/core';
import type { LabDefinition } from '@goqemu/lab';
import { createBackend } from '../../host/create-backend.ts';
import { engineFor, type LabChoice, type LabOpener, openLab } from '../../lab/open-lab.ts';
import type { OpenLabOptions } from './lab-options.ts';
import { RunningLab } from './running-lab.ts';

/** Opens a lab on this host's backend. */
export async function openRunningLab(
  lab: string | LabDefinition | undefined,
  options: OpenLabOptions,
): Promise<RunningLab> {
  const platform = hostPlatform();
  const { logger = silentLogger, onEvent = () => undefined, parameters = {}, promptSecret } = options;
  const opener = {
    command: process.argv[1] ?? 'node',
    logger,
    tell: () => undefined,
    ...(promptSecret ? { promptSecret } : {}),
    shell: { platform, workingFolder: process.cwd(), createBackend: () => createBackend({ platform, logger }) },
  };
  const choice = { stack: options.stack };
  const opened =
    typeof lab === 'object'
      ? await openDefinition(opener, choice, lab, onEvent)
      : await openLab(opener, { ...choice, lab }, onEvent);
  const { engine, backend, definition, name, stack } = opened;
  return new RunningLab({ engine, backend, definition, name, stack, parameters, logger });
}

/** A definition belongs to the file that `defineLab` was called in: its folder has the lab's state and its sources. */
async function openDefinition(
  opener: LabOpener,
  choice: LabChoice,
  definition: LabDefinition,
  emit: NonNullable<OpenLabOptions['onEvent']>,
) {
  const { workingFolder, createBackend: create } = opener.shell;
  const file = definition.location?.file ?? join(workingFolder, 'lab.ts');
  const backend = await create(opener.logger);
  return { ...engineFor(opener, { name: definition.name, file, backend, stack: choice.stack }, emit), definition };
}
