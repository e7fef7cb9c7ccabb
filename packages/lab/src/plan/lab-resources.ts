import type { Lab } from '../evaluate/lab.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import { type ResourceRef, resourceKey } from '../resource/resource-ref.ts';

/** A resource of the lab, of whatever kind. */
export interface LabResource {
  readonly ref: ResourceRef;
  readonly key: string;
  /** Keys of what has to be there before it. */
  readonly needs: ReadonlySet<string>;
}

/** Everything that a lab declares, each after what it needs. */
export function labResources(kinds: readonly ResourceKind[], lab: Lab): readonly LabResource[] {
  return kinds.flatMap((kind) =>
    kind.declared(lab).map(({ name, needs }): LabResource => {
      const ref = { kind: kind.kind, name };
      return { ref, key: resourceKey(ref), needs: new Set(needs.map(resourceKey)) };
    }),
  );
}
