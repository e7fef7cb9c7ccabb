import { GoqemuError } from '@goqemu/core';
import type { Branch, Definition, EnumValue, Facts, Member, QapiSchema, TypeReference } from './model.ts';

/**
 * One entry of `query-qmp-schema` (QEMU qmp reference, “QMP introspection”; since 2.5). Types have numbers for
 * names there; the built-in ones keep theirs.
 */
export interface IntrospectedEntity {
  readonly name: string;
  readonly 'meta-type': string;
  readonly features?: readonly string[];
  readonly [field: string]: unknown;
}

interface IntrospectedMember {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly features?: readonly string[];
}

type Entities = ReadonlyMap<string, IntrospectedEntity>;

/** The schema of a running QEMU; its types are called `T` and their number, and no version is known of a name. */
export function schemaFromIntrospection(entities: readonly IntrospectedEntity[], version: string): QapiSchema {
  const byName: Entities = new Map(entities.map((entity) => [entity.name, entity]));
  const definitions = new Map<string, Definition>();
  for (const entity of entities) {
    const definition = readEntity(entity, byName);
    if (definition) definitions.set(definition.name, definition);
  }
  return { version, definitions };
}

function readEntity(entity: IntrospectedEntity, all: Entities): Definition | undefined {
  const facts = factsOf(entity);
  const name = typeName(entity.name);
  switch (entity['meta-type']) {
    case 'builtin':
    case 'array':
      return undefined;
    case 'enum':
      return { kind: 'enum', name, ...facts, values: enumValues(entity) };
    case 'object':
      return readObject(entity, name, all);
    case 'alternate':
      return { kind: 'alternate', name, ...facts, alternatives: alternatives(entity, all) };
    case 'command':
      return {
        kind: 'command',
        name: entity.name,
        ...facts,
        arguments: typeName(String(entity['arg-type'])),
        ...(isEmptyObject(String(entity['ret-type']), all)
          ? {}
          : { returns: reference(String(entity['ret-type']), all) }),
        open: ['device_add', 'netdev_add', 'object-add'].includes(entity.name) && isOpen(entity, all),
        silent: false,
        allowOob: entity['allow-oob'] === true,
        ...emptyArguments(entity, all),
      };
    case 'event':
      return {
        kind: 'event',
        name: entity.name,
        ...facts,
        data: isEmptyObject(String(entity['arg-type']), all) ? [] : typeName(String(entity['arg-type'])),
      };
    default:
      throw new GoqemuError({
        code: 'qapi-introspection-unknown',
        source: 'environment',
        message: `query-qmp-schema has an entity of the unknown meta-type ${entity['meta-type']}`,
        hint: 'generate from the QEMU source tree instead',
      });
  }
}

function readObject(entity: IntrospectedEntity, name: string, all: Entities): Definition {
  const members = (entity.members as readonly IntrospectedMember[]).map((member) => readMember(member, all));
  const tag = entity.tag as string | undefined;
  if (tag === undefined) return { kind: 'struct', name, ...factsOf(entity), members };
  const variants = (entity.variants ?? []) as readonly { case: string; type: string }[];
  const branches: Branch[] = variants
    .filter(({ type }) => !isEmptyObject(type, all))
    .map((variant) => ({ name: variant.case, type: typeName(variant.type), features: [] }));
  return { kind: 'union', name, ...factsOf(entity), base: members, discriminator: tag, branches };
}

/** A member with a default is optional; null says that the default is unknown. */
function readMember(member: IntrospectedMember, all: Entities): Member {
  return {
    name: member.name,
    type: reference(member.type, all),
    optional: 'default' in member,
    ...factsOf(member),
  };
}

function enumValues(entity: IntrospectedEntity): EnumValue[] {
  const members = entity.members as readonly { name: string; features?: readonly string[] }[] | undefined;
  if (members) return members.map((value) => ({ name: value.name, ...factsOf(value) }));
  return ((entity.values ?? []) as readonly string[]).map((value) => ({ name: value, features: [] }));
}

function alternatives(entity: IntrospectedEntity, all: Entities): Branch[] {
  return (entity.members as readonly { type: string }[]).map(({ type }) => ({
    name: type,
    type: reference(type, all),
    features: [],
  }));
}

function reference(type: string, all: Entities): TypeReference {
  const entity = all.get(type);
  if (entity?.['meta-type'] === 'array') return { arrayOf: reference(String(entity['element-type']), all) };
  return typeName(type);
}

function emptyArguments(entity: IntrospectedEntity, all: Entities): { arguments: [] } | Record<never, never> {
  return isEmptyObject(String(entity['arg-type']), all) ? { arguments: [] } : {};
}

/** QEMU takes the devices' own properties there, which introspection does not list. */
function isOpen(entity: IntrospectedEntity, all: Entities): boolean {
  return all.get(String(entity['arg-type']))?.tag === undefined;
}

function isEmptyObject(type: string, all: Entities): boolean {
  const entity = all.get(type);
  return entity?.['meta-type'] === 'object' && (entity.members as unknown[]).length === 0 && entity.tag === undefined;
}

function typeName(name: string): string {
  return /^\d/.test(name) ? `T${name}` : name;
}

function factsOf(entity: { readonly features?: readonly string[] }): Facts {
  return { features: entity.features ?? [] };
}
