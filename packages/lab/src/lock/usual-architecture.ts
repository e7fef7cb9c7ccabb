import type { Architecture } from '@goqemu/spec';
import type { Backend } from '../backend/backend.ts';
import type { PlanNotice } from '../plan/plan.ts';
import type { PlanInput } from '../resource/plan-input.ts';
import type { LabLock } from './lab-lock.ts';

/**
 * The architecture of machines that name none: as the lock file has it, so that a colleague gets the same machines, else
 * what the place runs without emulation. A lock file that pins images and says nothing was written when it was amd64.
 */
export function usualArchitecture(
  { architecture, images }: LabLock,
  backend: Pick<Backend, 'architecture'>,
): Architecture {
  if (architecture !== undefined) return architecture;
  return Object.keys(images).length > 0 ? 'amd64' : backend.architecture;
}

/** Says what was decided for machines that name no architecture, where it may surprise. */
export function architectureNotices({ lab, lock, backend }: PlanInput): readonly PlanNotice[] {
  if (!lab || lab.usual.machines.length === 0) return [];
  const { architecture, machines } = lab.usual;
  const names = machines.join(', ');
  const are = machines.length === 1 ? 'is' : 'are';
  if (architecture !== backend.architecture) {
    return [
      {
        code: 'architecture-emulated',
        message: `${names} ${are} ${architecture}, as lab.lock.json has it; ${backend.architecture}, which this host has, would not be emulated`,
        hint: `write arch: '${backend.architecture}' in the lab, or delete lab.lock.json to use the default of this host: either recreates the machines`,
      },
    ];
  }
  // amd64 is what labs were made for; another is said as long as nothing has recorded it.
  if (architecture === 'amd64' || lock.architecture !== undefined) return [];
  return [
    {
      code: 'architecture-default',
      message: `${names} ${are} ${architecture}, as this host is; lab.lock.json records it, for other hosts too`,
      hint: `write arch: 'amd64' in the lab for machines of that architecture, which this host emulates`,
    },
  ];
}
