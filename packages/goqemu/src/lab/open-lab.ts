import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { goqemuHome, type Logger } from '@goqemu/core';
import { type Backend, Engine, type EngineEvent, type LabDefinition, stateFolderOf } from '@goqemu/lab';
import { findLabFile } from '../loader/lab-file.ts';
import { loadLab } from '../loader/load-lab.ts';
import type { CommandContext } from '../shell/command-context.ts';
import type { Shell } from '../shell/shell.ts';
import { locateLab } from './locate-lab.ts';

/** What opening a lab takes from its caller: a command, or a script that uses the SDK. */
export interface LabOpener extends Pick<CommandContext, 'command' | 'logger' | 'tell' | 'promptSecret'> {
  readonly shell: Pick<Shell, 'platform' | 'workingFolder' | 'createBackend'>;
}

export interface LabChoice {
  readonly lab?: string | undefined;
  readonly stack?: string | undefined;
}

/** A lab's engine on this host's backend; close it with `await using`. */
export interface OpenLab extends AsyncDisposable {
  readonly engine: Engine;
  readonly backend: Backend;
  readonly logger: Logger;
  readonly name: string;
  readonly stack: string;
  readonly file: string;
}

/** A lab whose file was loaded. */
export interface LoadedOpenLab extends OpenLab {
  readonly definition: LabDefinition;
}

/** Loads the lab and makes an engine for it: for what needs the description. */
export async function openLab(
  context: LabOpener,
  choice: LabChoice,
  emit: (event: EngineEvent) => void,
): Promise<LoadedOpenLab> {
  // The backend's code is read while the lab is.
  const [loaded, backend] = await Promise.all([load(context, choice), context.shell.createBackend(context.logger)]);
  return {
    ...engineFor(context, { name: loaded.definition.name, file: loaded.file, backend, stack: choice.stack }, emit),
    definition: loaded.definition,
  };
}

/**
 * An engine for a lab that has been applied before: for what needs its machines alone. Works with a lab.ts that no
 * longer loads, when its folder has the state of one lab only.
 */
export async function openDeployedLab(
  context: LabOpener,
  choice: LabChoice,
  emit: (event: EngineEvent) => void,
): Promise<OpenLab | LoadedOpenLab> {
  try {
    return await openLab(context, choice, emit);
  } catch (error) {
    const file = findLabFile(choice.lab, context.shell);
    const [only, ...others] = statesIn(dirname(file));
    if (only === undefined || others.length > 0) throw error;
    context.tell(`${file} does not load; continuing with the state of lab ${only}`);
    const backend = await context.shell.createBackend(context.logger);
    return engineFor(context, { name: only, file, backend, stack: choice.stack }, emit);
  }
}

async function load(context: LabOpener, choice: LabChoice) {
  const { platform, workingFolder } = context.shell;
  return loadLab({ platform, workingFolder, lab: locateLab(context, choice) });
}

function statesIn(folder: string): string[] {
  try {
    return readdirSync(join(folder, '.goqemu'), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

/** A lab by its name, the file that it is in, and one of its stacks. */
export interface ChosenLab {
  readonly name: string;
  readonly file: string;
  readonly backend: Backend;
  /** @default 'default' */
  readonly stack?: string | undefined;
}

/** @internal Also for a saved plan, which names its lab itself. */
export function engineFor(
  context: LabOpener,
  { name, file, backend, stack = 'default' }: ChosenLab,
  emit: (event: EngineEvent) => void,
): OpenLab {
  const labFolder = dirname(file);
  const { promptSecret, logger } = context;
  const engine = new Engine({
    backend,
    lab: name,
    stack,
    labFile: file,
    labFolder,
    stateFolder: stateFolderOf(labFolder, name, stack),
    home: goqemuHome(context.shell.platform),
    command: context.command,
    emit,
    environment: context.shell.platform.env,
    ...(promptSecret ? { promptSecret } : {}),
  });
  return { engine, backend, logger, name, stack, file, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() };
}
