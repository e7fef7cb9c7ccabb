import type { MachineSpec } from '@goqemu/spec';
import { ramShape } from '@goqemu/spec';
import type { PlanContext } from './plan-context.ts';

/** How a machine starts from a layer: by resuming from its RAM, or by a boot, which takes a hundred times as long. */
export interface RestoreRoad {
  /** Why it boots; undefined when it resumes from the RAM. */
  readonly boots?: string;
  readonly estimateMs?: number;
}

/** Which way a restore would take, and how long that took before: a boot is no measure for the other way. */
export function restoreRoad(context: PlanContext, name: string, spec: MachineSpec, key: string): RestoreRoad {
  const boots = whyBoot(context, spec, key);
  const keys =
    boots === undefined
      ? [`restore:${name}:ram`, 'restore:ram']
      : [`restore:${name}:boot`, 'restore:boot', `start:${name}`, 'start'];
  return { ...(boots === undefined ? {} : { boots }), ...context.duration(...keys) };
}

/** Why a machine cannot resume from the RAM of a layer that is there or that this plan cuts. */
export function whyBoot({ facts, producers }: PlanContext, spec: MachineSpec, key: string): string | undefined {
  const stored = facts.stored.get(key);
  if (stored && !stored.ram) return 'its RAM is not kept';
  const shape = stored ? facts.state.layers[key]?.shape : producers.get(key)?.shape;
  if (shape === undefined || shape === ramShape(spec)) return undefined;
  return 'memory, cores, accelerator, network or display differ from its RAM’s';
}
