import { maskText } from '@goqemu/lab';
import type { KeptPlace, LabTracing, TestedLab } from '@goqemu/test';
import { findMachine } from '../../lab/reach-machine.ts';
import type { LabParts } from '../lab/lab-work.ts';
import type { LabFork, RunningLab } from '../lab/running-lab.ts';

/** Milliseconds to wait for another command on the lab. */
const lockWaitMs = 60_000;
/** Of a serial console, from its end. */
const consoleLines = 1000;

export interface TracedLab {
  readonly file: string;
  readonly stack: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether each test has a fork. */
  readonly isFork: boolean;
}

/** What traces of tests need of a lab on this host's backend. */
export function labTracing({ file, stack, parameters, isFork }: TracedLab): LabTracing {
  let secrets: Promise<readonly string[]> | undefined;
  return {
    file,
    stack,
    parameters,
    mask: async (lab) => {
      secrets ??= secretTexts(partsOf(lab)); // the same for all of its forks
      const known = await secrets;
      return (text) => maskText(text, known);
    },
    readConsole: async (lab, machine, signal) => {
      const { endpoints } = await findMachine(partsOf(lab), machine);
      const parts: Buffer[] = [];
      for await (const bytes of endpoints.readLog({ log: 'console', lines: consoleLines }, signal)) parts.push(bytes);
      return Buffer.concat(parts).toString('utf8');
    },
    cut: async (lab, { description, machines, signal }): Promise<KeptPlace> => {
      const { engine } = partsOf(lab);
      const found = await engine.createCheckpoint({ description, machines, lockWaitMs, signal });
      const ram = found.contents.includes('ram');
      return {
        ...{ stack: lab.stack, checkpoint: found.id, bytes: found.bytes, ownStack: isFork },
        machines: found.machines.map(({ name, layer }) => ({ name, layer, ram })),
      };
    },
    drop: async (lab, checkpoint, signal) => {
      await partsOf(lab).engine.deleteCheckpoint(checkpoint, { lockWaitMs, signal });
    },
    keep: async (fork, signal) => {
      await (fork as unknown as LabFork).keep(signal);
    },
  };
}

/** The labs of tests are the SDK's. */
function partsOf(lab: TestedLab): LabParts {
  return (lab as unknown as RunningLab).parts;
}

async function secretTexts({ engine, definition, parameters }: LabParts): Promise<readonly string[]> {
  return engine.secretTexts(await engine.evaluate(definition, { parameters }));
}
