import { baseKeyProperties, pickProperties, propertyNames, propertyRows, withManual } from '@goqemu/spec';
import type { IgnorableProperty } from '../definition/machine-options.ts';
import type { Lab, MachineDeclaration } from '../evaluate/lab.ts';
import { pinName } from '../lock/lab-lock.ts';
import type { PlanInput } from '../resource/plan-input.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';
import { backendNames } from './backend-names.ts';
import { ChainBuilder } from './desired-chain.ts';
import type { DesiredImage } from './desired-images.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import { keptDiskSize, openDiskSize } from './disk-size.ts';
import type { Plan } from './plan.ts';
import type { KeyNotes } from './provisional-keys.ts';
import { recordedMachine } from './recorded-machine.ts';

/** What the lab is compared with. */
export interface DesiredInput extends Pick<PlanInput, 'now'> {
  readonly lab: Lab;
  readonly state: LabState;
  readonly images: ReadonlyMap<string, DesiredImage>;
  readonly secrets: Plan['secrets'];
  /** Machines that give up keys of earlier versions. */
  readonly renewed: ReadonlySet<string>;
}

export async function buildDesired(
  input: DesiredInput,
): Promise<{ machines: readonly DesiredMachine[]; outputs: unknown; keys: KeyNotes }> {
  const { lab, state, images, secrets } = input;
  const builder = new ChainBuilder({
    lab,
    state,
    now: input.now,
    renewed: input.renewed,
    fingerprints: Object.fromEntries(Object.entries(secrets).map(([name, one]) => [name, one.fingerprint])),
  });
  const disks = new Map<string, number>();
  const names = backendNames(lab, state);
  const machines: DesiredMachine[] = [];
  for (const declared of lab.machines) {
    const recorded = recordedMachine(state, declared.name);
    const machine = leaveAlone(declared, recorded);
    const image = images.get(pinName(declared.image, declared.arch));
    if (!image) continue;
    const kept = recorded && machine.ignoreChanges.includes('image') ? recorded.image : undefined;
    const imageKey = kept?.key ?? image.key;
    const user = machine.user ?? image.resolved.user;
    const { from } = machine;
    const resolved = { ...image.resolved, key: imageKey };
    const open = input.renewed.has(declared.name) ? openDiskSize(resolved) : keptDiskSize(resolved, recorded);
    const disk = machine.disk ?? (from && disks.get(from.machine)) ?? open;
    disks.set(declared.name, disk);
    const name = names.get(declared.name) ?? declared.name;
    const forwards = withManual(machine.forwards, recorded?.spec.forwards);
    const spec = pickProperties({ ...machine, name, disk, user, forwards }, propertyNames);
    const chain = await builder.build(
      machine,
      { imageKey, ...pickProperties(spec, baseKeyProperties) },
      { reference: kept?.reference ?? machine.image, name: pinName(declared.image, declared.arch) },
    );
    machines.push({
      declaration: machine,
      spec,
      image: resolved,
      chain: leaveSteps(machine, recorded, chain),
    });
  }
  return { machines, outputs: builder.outputs(lab.outputs), keys: builder.keys };
}

/** Properties in `ignoreChanges` keep what is recorded. */
function leaveAlone(machine: MachineDeclaration, recorded: MachineState | undefined): MachineDeclaration {
  if (!recorded || machine.ignoreChanges.length === 0) return machine;
  const left = new Set(machine.ignoreChanges);
  const { spec } = recorded;
  const kept = propertyRows.flatMap(([property, { option }]) => {
    if (!option?.ignored || !left.has(option.name as IgnorableProperty)) return [];
    const value = option.ignored === 'recorded' ? spec[property] : option.ignored(machine[property], spec[property]);
    return [[property, value] as const];
  });
  return Object.defineProperty(
    { ...machine, ...Object.fromEntries(kept), ...(left.has('forward') ? { fixedPorts: [] } : {}) },
    'location',
    { get: () => machine.location, enumerable: false },
  ) as MachineDeclaration;
}

function leaveSteps(
  machine: MachineDeclaration,
  recorded: MachineState | undefined,
  chain: readonly ChainLink[],
): readonly ChainLink[] {
  if (!recorded || !machine.ignoreChanges.includes('steps') || recorded.applied[0]?.key !== chain[0]?.key) return chain;
  return recorded.applied.map((step) => ({
    ...step,
    cut: true,
    checkpoints: Object.entries(recorded.checkpoints).flatMap(([name, layer]) => (layer === step.key ? [name] : [])),
    waitsFor: [],
    captures: false,
  }));
}
