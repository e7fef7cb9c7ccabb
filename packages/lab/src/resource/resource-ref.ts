/** A thing that a lab is made of, as operations, events and the state name it. */
export interface ResourceRef {
  /** `machine`, `network`, or what a later goqemu knows. */
  readonly kind: string;
  /** Unique among the resources of its kind. */
  readonly name: string;
}

export const machineKindName = 'machine';

export function machineRef(name: string): ResourceRef {
  return { kind: machineKindName, name };
}

export const networkKindName = 'network';

export function networkRef(name: string): ResourceRef {
  return { kind: networkKindName, name };
}

/** One text for a resource, to look it up by. */
export function resourceKey({ kind, name }: ResourceRef): string {
  return `${kind}/${name}`;
}

/** What names of a command line, `web` or `machine/web`, say to one kind. */
export function namesOfKind<T extends readonly string[] | undefined>(kind: string, names: T): T {
  const prefix = `${kind}/`;
  return names?.flatMap((name) => {
    if (!name.includes('/')) return [name];
    return name.startsWith(prefix) ? [name.slice(prefix.length)] : [];
  }) as T;
}
