import { GoqemuError } from '@goqemu/core';
import type { AdoptedMachine, AdoptionTarget, BackendRecord } from '@goqemu/lab';
import type { AdoptedRecord, FoundVm } from '@goqemu/vm';

/** What the engine keeps of a machine that was imported; undefined for one of goqemu's own. */
export function adoptedRecord(record: BackendRecord): AdoptedRecord | undefined {
  return record.adopted as AdoptedRecord | undefined;
}

export function describeFound({ record, ...found }: FoundVm): AdoptedMachine {
  return { ...found, pid: record.machine.pid, record: { adopted: record } };
}

export function attachTarget(target: AdoptionTarget): { readonly pid: number } | { readonly socketPath: string } {
  return 'pid' in target ? target : { socketPath: target.socket };
}

/** @throws GoqemuError `imported-no-layers` for a machine that stands on a disk of somebody else's */
export function refuseAdopted(name: string, record: BackendRecord): void {
  if (!adoptedRecord(record)) return;
  throw new GoqemuError({
    code: 'imported-no-layers',
    source: 'user',
    subject: name,
    message: `${name} was imported: it stands on a disk that is not goqemu's, and has no checkpoints`,
    hint: `name the other machines, or have it made by goqemu: goqemu apply --replace ${name}`,
  });
}
