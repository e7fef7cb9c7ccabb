import type { BackendRecord } from '@goqemu/lab';
import type { AdoptedRecord } from '@goqemu/vm';

/** What the engine keeps of a machine that was imported; undefined for one of goqemu's own. */
export function adoptedRecord(record: BackendRecord): AdoptedRecord | undefined {
  return record.adopted as AdoptedRecord | undefined;
}
