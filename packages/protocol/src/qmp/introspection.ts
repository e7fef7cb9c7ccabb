import type { IntrospectedEntity } from '../qapi/introspected-schema.ts';

/** Where the 200 KB answer of `query-qmp-schema` is kept between processes. */
export interface IntrospectionCache {
  /** @param binary names the very build: a digest, or path, size and modification time */
  read(binary: string): Promise<string | undefined>;
  write(binary: string, text: string): Promise<void>;
}

interface NamedMember {
  readonly name: string;
  readonly type: string;
  readonly features?: readonly string[];
}

/** The part of a client that introspection needs. */
interface SchemaSource {
  executeUntyped(command: string): Promise<unknown>;
}

/** Asks the cache, then QEMU. A cache that cannot be read or written costs the question, nothing more. */
export async function loadIntrospection(
  qmp: SchemaSource,
  kept: { readonly cache: IntrospectionCache; readonly binary: string } | undefined,
): Promise<QmpIntrospection> {
  const text = await kept?.cache.read(kept.binary).catch(() => undefined);
  const known = text === undefined ? undefined : parseEntities(text);
  if (known) return new QmpIntrospection(known);
  const entities = (await qmp.executeUntyped('query-qmp-schema')) as readonly IntrospectedEntity[];
  await kept?.cache.write(kept.binary, JSON.stringify(entities)).catch(() => undefined);
  return new QmpIntrospection(entities);
}

function parseEntities(text: string): readonly IntrospectedEntity[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as readonly IntrospectedEntity[]) : undefined;
  } catch {
    return undefined;
  }
}

/** What a QEMU can do, as it tells by `query-qmp-schema` (QEMU qmp reference; since 2.5). */
export class QmpIntrospection {
  readonly #entities: ReadonlyMap<string, IntrospectedEntity>;

  constructor(entities: readonly IntrospectedEntity[]) {
    this.#entities = new Map(entities.map((entity) => [entity.name, entity]));
  }

  /**
   * Whether something is there. A path begins with a command or an event and continues with `arg-type` or
   * `ret-type`; then each step is a member's name, `+VALUE` for the members that a union adds for that value of
   * its discriminator, `^VALUE` for a value of an enum, or `$FEATURE`. Lists are stepped through.
   *
   * @example
   * schema.supports('blockdev-add/arg-type/+qcow2/file');
   * schema.supports('migrate-set-capabilities/arg-type/capabilities/capability/^x-ignore-shared');
   * schema.supports('query-cpus-fast/$deprecated');
   */
  supports(path: string): boolean {
    const [name = '', ...steps] = path.split('/');
    const entity = this.#entities.get(name);
    const kind = entity?.['meta-type'];
    if (!entity || (kind !== 'command' && kind !== 'event')) return false;
    const [first, ...rest] = steps;
    if (first === undefined) return true;
    if (first.startsWith('$')) return rest.length === 0 && hasFeature(entity, first);
    const type = first === 'arg-type' || first === 'ret-type' ? entity[first] : undefined;
    return typeof type === 'string' && this.#walk(type, rest);
  }

  #walk(typeName: string, steps: readonly string[]): boolean {
    const type = this.#entities.get(typeName);
    if (!type) return false;
    if (type['meta-type'] === 'array') return this.#walk(String(type['element-type']), steps);
    const [step, ...rest] = steps;
    if (step === undefined) return true;
    if (step.startsWith('$') && rest.length === 0 && hasFeature(type, step)) return true;
    if (type['meta-type'] === 'alternate') return membersOf(type).some((member) => this.#walk(member.type, steps));
    if (type['meta-type'] === 'enum') return step.startsWith('^') && enumHas(type, step.slice(1), rest);
    if (step.startsWith('+')) {
      const variants = (type.variants ?? []) as readonly { case: string; type: string }[];
      const variant = variants.find((candidate) => candidate.case === step.slice(1));
      return variant !== undefined && this.#walk(variant.type, rest);
    }
    const member = membersOf(type).find((candidate) => candidate.name === step);
    if (!member) return false;
    const [next] = rest;
    if (next?.startsWith('$') && rest.length === 1 && hasFeature(member, next)) return true;
    return this.#walk(member.type, rest);
  }
}

function membersOf(type: IntrospectedEntity): readonly NamedMember[] {
  return (type.members ?? []) as readonly NamedMember[];
}

/** `members` since QEMU 6.2; `values` is what was there before. */
function enumHas(type: IntrospectedEntity, value: string, rest: readonly string[]): boolean {
  const member = membersOf(type).find((candidate) => candidate.name === value);
  const [feature] = rest;
  if (feature !== undefined) return rest.length === 1 && member !== undefined && hasFeature(member, feature);
  return member !== undefined || ((type.values ?? []) as readonly string[]).includes(value);
}

function hasFeature(entity: { readonly features?: readonly string[] }, step: string): boolean {
  return step.startsWith('$') && (entity.features ?? []).includes(step.slice(1));
}
