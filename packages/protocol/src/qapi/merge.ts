import type { Branch, Definition, Facts, Member, Payload, QapiSchema } from './model.ts';

/**
 * One schema for two versions of QEMU: what the newer one says, and what only the older one has, marked with the
 * version that has it no more. A member that is missing in one of them, or optional in one, becomes optional.
 */
export function mergeSchemas(older: QapiSchema, newer: QapiSchema): QapiSchema {
  const definitions = new Map<string, Definition>();
  for (const [name, definition] of newer.definitions) {
    const before = older.definitions.get(name);
    definitions.set(name, before ? mergeDefinition(before, definition, newer) : definition);
  }
  for (const [name, definition] of older.definitions) {
    if (!definitions.has(name)) definitions.set(name, removed(definition, newer.version));
  }
  return { version: newer.version, definitions };
}

function mergeDefinition(older: Definition, newer: Definition, schema: QapiSchema): Definition {
  const { version } = schema;
  if (older.kind === 'enum' && newer.kind === 'enum') {
    return { ...newer, values: mergeNamed(older.values, newer.values, version) };
  }
  if (older.kind === 'struct' && newer.kind === 'struct') {
    // A member that moved to the base has not gone.
    const inherited = inheritedNames(newer.base, schema);
    const before = older.members.filter(({ name }) => !inherited.has(name));
    return { ...newer, members: mergeMembers(before, newer.members, version) };
  }
  if (older.kind === 'union' && newer.kind === 'union') {
    const base = mergePayload(older.base, newer.base, version);
    return { ...newer, base, branches: mergeNamed<Branch>(older.branches, newer.branches, version) };
  }
  if (older.kind === 'alternate' && newer.kind === 'alternate') {
    return { ...newer, alternatives: mergeNamed<Branch>(older.alternatives, newer.alternatives, version) };
  }
  if (older.kind === 'command' && newer.kind === 'command') {
    return { ...newer, arguments: mergePayload(older.arguments, newer.arguments, version) };
  }
  if (older.kind === 'event' && newer.kind === 'event') {
    return { ...newer, data: mergePayload(older.data, newer.data, version) };
  }
  return newer;
}

function inheritedNames(base: string | undefined, schema: QapiSchema): Set<string> {
  const definition = base === undefined ? undefined : schema.definitions.get(base);
  if (definition?.kind !== 'struct') return new Set();
  return new Set([...definition.members.map(({ name }) => name), ...inheritedNames(definition.base, schema)]);
}

function mergePayload<P extends Payload>(older: P, newer: P, version: string): P {
  if (typeof older === 'string' || typeof newer === 'string') return newer;
  return mergeMembers(older, newer, version) as readonly Member[] as P;
}

function mergeMembers(older: readonly Member[], newer: readonly Member[], version: string): Member[] {
  const before = new Map(older.map((member) => [member.name, member]));
  const after = new Set(newer.map((member) => member.name));
  const kept = newer.map((member) => ({
    ...member,
    optional: member.optional || before.get(member.name)?.optional !== false,
  }));
  const gone = older
    .filter(({ name }) => !after.has(name))
    .map((member) => ({ ...removed(member, version), optional: true }));
  return [...kept, ...gone];
}

function mergeNamed<T extends Facts & { readonly name: string }>(
  older: readonly T[],
  newer: readonly T[],
  version: string,
): T[] {
  const after = new Set(newer.map(({ name }) => name));
  return [...newer, ...older.filter(({ name }) => !after.has(name)).map((item) => removed(item, version))];
}

function removed<T extends Facts>(item: T, version: string): T {
  return { ...item, removedIn: version };
}
