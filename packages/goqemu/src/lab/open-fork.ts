import { ownSign } from '@goqemu/core';
import type { LoadedOpenLab, OpenLab } from './open-lab.ts';

/** A copy of a lab that ends with its block, or with this process. */
export interface OpenFork extends OpenLab {
  readonly machines: readonly string[];
}

export interface OpenForkOptions {
  readonly checkpoint: string;
  readonly name: string;
  /** Those that the checkpoint was made with. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** Milliseconds to wait for another command on the lab. */
const lockWaitMs = 60_000;

/** @throws what forking throws: then nothing of it stays */
export async function openFork(
  lab: OpenLab | LoadedOpenLab,
  { checkpoint, name, parameters, signal }: OpenForkOptions,
): Promise<OpenFork> {
  const report = await lab.engine.fork(checkpoint, {
    ...{ name, owner: await ownSign(), lockWaitMs, signal },
    ...('definition' in lab ? { definition: lab.definition, parameters } : {}),
  });
  const engine = lab.engine.stack(name);
  return {
    ...lab,
    engine,
    stack: name,
    machines: report.forks[0]?.machines.map((machine) => machine.name) ?? [],
    [Symbol.asyncDispose]: () => engine.removeFork({ lockWaitMs }),
  };
}
