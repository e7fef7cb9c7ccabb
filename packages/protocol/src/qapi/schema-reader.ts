import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readSince, type Since } from './documentation.ts';
import { type Expression, parseExpressions, syntaxError, type TopLevelExpression } from './expression-parser.ts';
import type { Branch, Definition, EnumValue, Facts, Member, Payload, QapiSchema, TypeReference } from './model.ts';

/** How a schema's files are read: from disk, unless a test has them in memory. */
export type ReadText = (path: string) => Promise<string>;

type Fields = { [name: string]: Expression };

/**
 * Reads a schema with all that it includes.
 *
 * @throws GoqemuError `qapi-syntax` with file and line
 */
export async function readSchema(
  file: string,
  version: string,
  read: ReadText = (path) => readFile(path, 'utf8'),
): Promise<QapiSchema> {
  const definitions = new Map<string, Definition>();
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const expression of parseExpressions(await read(path), path)) {
      const { include } = expression.value;
      if (typeof include === 'string') await visit(resolve(dirname(path), include));
      else if (!('pragma' in expression.value)) {
        const definition = readDefinition(expression, path);
        definitions.set(definition.name, definition);
      }
    }
  };
  await visit(resolve(file));
  return { version, definitions };
}

function readDefinition({ value, documentation, line }: TopLevelExpression, file: string): Definition {
  const since = readSince(documentation);
  const reader = new DefinitionReader(value, since, (message) => syntaxError(file, line, message));
  for (const kind of ['enum', 'struct', 'union', 'alternate', 'command', 'event'] as const) {
    if (typeof value[kind] === 'string') return reader[kind](value[kind]);
  }
  throw syntaxError(file, line, `expected a definition or a directive, got one with ${Object.keys(value).join(', ')}`);
}

class DefinitionReader {
  readonly #value: Fields;
  readonly #since: Since;
  readonly #error: (message: string) => Error;

  constructor(value: Fields, since: Since, error: (message: string) => Error) {
    this.#value = value;
    this.#since = since;
    this.#error = error;
  }

  enum(name: string): Definition {
    const items = this.#value.data;
    if (!Array.isArray(items)) throw this.#error(`the enum ${name} has no list of values`);
    return { kind: 'enum', name, ...this.#ownFacts(), values: items.map((item) => this.#enumValue(item)) };
  }

  struct(name: string): Definition {
    const { base } = this.#value;
    const members = this.#members(this.#value.data);
    return { kind: 'struct', name, ...this.#ownFacts(), ...(typeof base === 'string' ? { base } : {}), members };
  }

  union(name: string): Definition {
    const { base, discriminator, data } = this.#value;
    if (typeof discriminator !== 'string' || base === undefined) {
      throw this.#error(`the union ${name} has no base and discriminator, which QEMU 6.1 made mandatory`);
    }
    const common = typeof base === 'string' ? base : this.#members(base);
    return { kind: 'union', name, ...this.#ownFacts(), base: common, discriminator, branches: this.#branches(data) };
  }

  alternate(name: string): Definition {
    return { kind: 'alternate', name, ...this.#ownFacts(), alternatives: this.#branches(this.#value.data) };
  }

  command(name: string): Definition {
    const { returns } = this.#value;
    return {
      kind: 'command',
      name,
      ...this.#ownFacts(),
      arguments: this.#payload(),
      ...(returns === undefined ? {} : { returns: this.#type(returns) }),
      open: this.#value.gen === false && this.#value.data !== undefined,
      silent: this.#value['success-response'] === false,
      allowOob: this.#value['allow-oob'] === true,
    };
  }

  event(name: string): Definition {
    return { kind: 'event', name, ...this.#ownFacts(), data: this.#payload() };
  }

  #payload(): Payload {
    const { data } = this.#value;
    if (data === undefined) return [];
    return typeof data === 'string' ? data : this.#members(data);
  }

  #members(data: Expression | undefined): Member[] {
    return Object.entries(this.#fields(data ?? {})).map(([key, item]) => {
      const optional = key.startsWith('*');
      const name = optional ? key.slice(1) : key;
      return { name, optional, type: this.#type(typeOf(item)), ...this.#factsOf(item, name) };
    });
  }

  #branches(data: Expression | undefined): Branch[] {
    return Object.entries(this.#fields(data ?? {})).map(([name, item]) => ({
      name,
      type: this.#type(typeOf(item)),
      ...this.#factsOf(item, name),
    }));
  }

  #enumValue(item: Expression): EnumValue {
    const name = typeof item === 'string' ? item : this.#fields(item).name;
    if (typeof name !== 'string') throw this.#error('an enum value has no name');
    return { name, ...this.#factsOf(item, name) };
  }

  #type(item: Expression): TypeReference {
    if (typeof item === 'string') return item;
    if (Array.isArray(item) && item.length === 1) return { arrayOf: this.#type(item[0] as Expression) };
    throw this.#error(`expected a type, got ${JSON.stringify(item)}`);
  }

  #fields(item: Expression): Fields {
    if (typeof item === 'object' && !Array.isArray(item)) return item;
    throw this.#error(`expected an object, got ${JSON.stringify(item)}`);
  }

  #ownFacts(): Facts {
    return { ...readFacts(this.#value), ...(this.#since.definition ? { since: this.#since.definition } : {}) };
  }

  #factsOf(item: Expression, name: string): Facts {
    const since = this.#since.members.get(name);
    const facts = typeof item === 'object' && !Array.isArray(item) ? readFacts(item) : { features: [] };
    return { ...facts, ...(since ? { since } : {}) };
  }
}

/** `{ 'type': T, … }`, or T alone. */
function typeOf(item: Expression): Expression {
  return typeof item === 'object' && !Array.isArray(item) && item.type !== undefined ? item.type : item;
}

function readFacts(value: Fields): Facts {
  const condition = value.if === undefined ? undefined : conditionText(value.if);
  const features = Array.isArray(value.features) ? value.features.map(featureName) : [];
  return { features, ...(condition ? { condition } : {}) };
}

function featureName(feature: Expression): string {
  return typeof feature === 'string' ? feature : String((feature as Fields).name);
}

/** `'CONFIG_X'`, or an object with one of `all`, `any` and `not`. */
function conditionText(condition: Expression): string {
  if (typeof condition === 'string') return condition;
  const { all, any, not } = condition as Fields;
  if (not !== undefined) return `not ${conditionText(not)}`;
  const parts = (Array.isArray(all) ? all : Array.isArray(any) ? any : []).map(conditionText);
  return parts.length === 1 ? String(parts[0]) : `(${parts.join(all ? ' and ' : ' or ')})`;
}
