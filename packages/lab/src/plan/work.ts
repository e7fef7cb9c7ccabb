import type { MachineSpec } from '@goqemu/spec';
import type { ResolvedImage } from '../backend/backend.ts';
import type { AppliedStep } from '../state/lab-state.ts';
import type { PlannedStep } from '../step/planned-step.ts';

/** Facts about a machine that the state keeps and the backend never sees. */
export interface MachineFacts {
  readonly protect: boolean;
  readonly retain: boolean;
}

/** A step that does not keep: its key without the time, and the time that is in its key. */
export interface TimedRun {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly ranAt: number;
}

/** What carrying out an operation means, complete: apply decides nothing itself. */
export type Work =
  /** Nothing to do: says which cached layers are used again. */
  | { readonly verb: 'note' }
  /** A template whose layers are all there. */
  | {
      readonly verb: 'adopt';
      readonly spec: MachineSpec;
      readonly image: { readonly reference: string; readonly key: string };
      readonly base: string;
      readonly applied: readonly AppliedStep[];
      readonly checkpoints: Readonly<Record<string, string>>;
      readonly facts: MachineFacts;
      /** What is left of an earlier one is deleted first. */
      readonly discard: boolean;
    }
  | {
      readonly verb: 'make';
      readonly spec: MachineSpec;
      readonly image: { readonly reference: string; readonly key: string };
      readonly base: string;
      readonly origin: { readonly image: ResolvedImage } | { readonly layer: string };
      /** What a machine from that origin has behind it. */
      readonly applied: readonly AppliedStep[];
      /** The first layer, cut when a machine from an image is ready. */
      readonly first: AppliedStep;
      readonly firstDescriptions: readonly string[];
      readonly checkpoints: Readonly<Record<string, string>>;
      readonly facts: MachineFacts;
      readonly discard: boolean;
      /** The disk is there and only the way to the first layer is left. */
      readonly resume: boolean;
    }
  | {
      readonly verb: 'start';
      readonly spec: MachineSpec;
      /** A suspended machine resumes from its RAM, or stays as it is. */
      readonly fromRam?: boolean;
    }
  | {
      readonly verb: 'stop';
      /** It stays stopped on purpose. */
      readonly park?: boolean;
    }
  | { readonly verb: 'suspend' }
  | {
      readonly verb: 'update';
      readonly spec: MachineSpec;
      readonly restart: boolean;
      readonly facts: MachineFacts;
      readonly checkpoints: Readonly<Record<string, string>>;
      readonly describe: readonly { readonly layer: string; readonly descriptions: readonly string[] }[];
      /** It does not run: what takes a restart is recorded for its next start. */
      readonly nextStart?: boolean;
      /** It runs although it was stopped or suspended on purpose: it is recorded so. */
      readonly isUp?: boolean;
      /** A manual checkpoint that was interrupted is cut again. */
      readonly recut: boolean;
      /** It runs, and joins other networks than it is in. */
      readonly joins?: boolean;
      /** It runs, and other ports are forwarded to it. */
      readonly forwards?: boolean;
      /** What a look at the machine found it to have behind it, when that differs from the state. */
      readonly seen?: { readonly layer: string; readonly applied: readonly AppliedStep[] };
    }
  | {
      readonly verb: 'restore';
      readonly spec: MachineSpec;
      readonly layer: string;
      readonly applied: readonly AppliedStep[];
      readonly checkpoints: Readonly<Record<string, string>>;
    }
  | {
      readonly verb: 'step';
      readonly spec: MachineSpec;
      readonly step: PlannedStep;
      readonly applied: AppliedStep;
      readonly cut: boolean;
      /** Its layer was there already when the plan was made: another lab cut it. */
      readonly isStored: boolean;
      readonly descriptions: readonly string[];
      /** Names that the lab gives to this layer. */
      readonly checkpoints: readonly string[];
      readonly timed?: TimedRun;
    }
  | { readonly verb: 'delete'; readonly forget: boolean }
  /** The lab has given the machine another name; nothing happens to the machine. */
  | { readonly verb: 'rename'; readonly from: string };

/** Bytes that a piece of work needs to have a machine running; undefined when it starts none. */
export function memoryFor(work: Work): number | undefined {
  const starts =
    work.verb === 'make' ||
    work.verb === 'start' ||
    work.verb === 'restore' ||
    (work.verb === 'update' && work.restart);
  return starts ? work.spec.memory : undefined;
}
