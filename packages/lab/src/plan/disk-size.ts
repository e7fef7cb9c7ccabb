import { formatByteSize, GoqemuError } from '@goqemu/core';
import { defaultDisk, type MachineSpec } from '@goqemu/spec';
import type { Preflight, ResolvedImage } from '../backend/backend.ts';
import type { MachineState } from '../state/lab-state.ts';
import type { DesiredMachine } from './desired-machine.ts';
import type { PlanNotice } from './plan.ts';
import type { PlanContext } from './plan-context.ts';

/** The size of a disk that the lab leaves open. */
export function openDiskSize(image: Pick<ResolvedImage, 'virtualSize'>): number {
  return Math.max(defaultDisk, image.virtualSize ?? 0);
}

/**
 * The same for a machine that may be there already. Earlier versions of goqemu made disks of 10 GB on larger images, too:
 * such a machine stays as it is until it is replaced for another reason.
 */
export function keptDiskSize(image: ResolvedImage, recorded: MachineState | undefined): number {
  if (recorded?.spec.disk === defaultDisk && recorded.image.key === image.key) return defaultDisk;
  return openDiskSize(image);
}

/** Disks that a plan would make smaller than their images. */
export function diskProblems(context: PlanContext, wanted: readonly DesiredMachine[]): readonly Preflight[] {
  return context.operations.flatMap(({ work, resource: { name: machine } }): Preflight[] => {
    if (work.verb !== 'make' || work.resume || !('image' in work.origin)) return [];
    const problem = diskTooSmall(machine, work.spec, work.origin.image);
    if (!problem) return [];
    const line = wanted.find(({ declaration }) => declaration.name === machine)?.declaration.location?.line;
    return [{ ...problem, message: `${problem.message}${line ? ` (line ${line})` : ''}` }];
  });
}

/** Machines of earlier versions whose disks end before their images do. */
export function diskNotices(context: PlanContext, wanted: readonly DesiredMachine[]): readonly PlanNotice[] {
  const made = new Set(
    context.operations.flatMap(({ work, resource: { name: machine } }) => (work.verb === 'make' ? [machine] : [])),
  );
  return wanted.flatMap(({ declaration: { name }, spec, image }): PlanNotice[] => {
    const { virtualSize = 0, reference } = image;
    if (made.has(name) || !context.facts.state.resources.machine[name] || virtualSize <= spec.disk) return [];
    return [
      {
        code: 'disk-too-small',
        message: `${name} has a disk of ${formatByteSize(spec.disk)}, and its image ${reference} has ${formatByteSize(virtualSize)}: the guest lacks the end of it`,
        hint: `make it again with a disk that is large enough: goqemu apply --replace ${name}`,
      },
    ];
  });
}

/** @throws GoqemuError `disk-too-small` */
export function checkDiskSize(machine: string, spec: MachineSpec, image: ResolvedImage): void {
  const problem = diskTooSmall(machine, spec, image);
  if (problem) throw new GoqemuError({ ...problem, source: 'user', subject: machine });
}

function diskTooSmall(machine: string, spec: MachineSpec, image: ResolvedImage) {
  const { virtualSize = 0, reference } = image;
  if (virtualSize <= spec.disk) return undefined;
  const needed = formatByteSize(virtualSize);
  return {
    severity: 'error',
    code: 'disk-too-small',
    message: `${machine}: a disk of ${formatByteSize(spec.disk)} is too small for the image ${reference}, which has ${needed}: the guest would lose the end of it`,
    hint: `write disk: '${virtualSize % 2 ** 30 === 0 ? needed : `${Math.ceil(virtualSize / 2 ** 30)} GiB`}' or more, or leave disk out: it is then as large as its image`,
  } as const;
}
