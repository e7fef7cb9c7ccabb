import type {
  AlternateDefinition,
  Definition,
  EnumDefinition,
  Facts,
  Member,
  Payload,
  QapiSchema,
  StructDefinition,
  TypeReference,
  UnionDefinition,
} from './model.ts';

/** Integers are JSON numbers, which JavaScript holds exactly up to 2⁵³. */
const builtInTypes: Readonly<Record<string, string>> = {
  str: 'string',
  number: 'number',
  int: 'number',
  int8: 'number',
  int16: 'number',
  int32: 'number',
  int64: 'number',
  uint8: 'number',
  uint16: 'number',
  uint32: 'number',
  uint64: 'number',
  size: 'number',
  bool: 'boolean',
  null: 'null',
  any: 'unknown',
  QType: "'none' | 'qnull' | 'qnum' | 'qstring' | 'qdict' | 'qlist' | 'qbool'",
};

/** What a command without arguments takes, and one without a result gives. */
const nothing = 'Record<string, never>';

export interface WriterOptions {
  /** Begins the names of the two maps: `Qmp` makes `QmpCommands` and `QmpEvents`. */
  readonly prefix: 'Qmp' | 'Qga';
  /** What the file was made from, one line each, for its header. */
  readonly origin: readonly string[];
}

/** Writes a schema as TypeScript declarations: names, types, optionality and versions, no prose. */
export function writeTypeScript(schema: QapiSchema, options: WriterOptions): string {
  const definitions = [...schema.definitions.values()];
  const types = definitions.map(writeType).filter((text) => text !== undefined);
  const commands = definitions.flatMap((definition) =>
    definition.kind === 'command'
      ? [
          entry(
            definition.name,
            definition,
            `{ arguments: ${argumentsType(definition.arguments, definition.open)}; returns: ${definition.returns ? typeText(definition.returns) : nothing} }`,
          ),
        ]
      : [],
  );
  const events = definitions.flatMap((definition) =>
    definition.kind === 'event' ? [entry(definition.name, definition, eventType(definition.data))] : [],
  );
  return `${[
    options.origin.map((line) => `// ${line}`).join('\n'),
    ...types,
    block(`export interface ${options.prefix}Commands`, commands),
    block(`export interface ${options.prefix}Events`, events),
  ].join('\n\n')}\n`;
}

function writeType(definition: Definition): string | undefined {
  switch (definition.kind) {
    case 'enum':
      return comment(definition, '') + writeEnum(definition);
    case 'struct':
      return comment(definition, '') + writeStruct(definition);
    case 'union':
      return comment(definition, '') + writeUnion(definition);
    case 'alternate':
      return comment(definition, '') + writeAlternate(definition);
    default:
      return undefined;
  }
}

function writeEnum({ name, values }: EnumDefinition): string {
  if (values.length === 0) return `export type ${name} = never;`;
  const lines = values.map((value) => `${comment(value, '  ')}  | ${quote(value.name)}`);
  return `export type ${name} =\n${lines.join('\n')};`;
}

function writeStruct({ name, base, members }: StructDefinition): string {
  return block(`export interface ${name}${base ? ` extends ${base}` : ''}`, members.map(memberLine));
}

/** Each branch names its value of the discriminator; the values without a branch share the last alternative. */
function writeUnion({ name, base, discriminator, branches }: UnionDefinition): string {
  const baseName = typeof base === 'string' ? base : `${name}Base`;
  const own = typeof base === 'string' ? '' : `${block(`export interface ${baseName}`, base.map(memberLine))}\n`;
  const key = quoteName(discriminator);
  const alternatives = branches.map(
    (branch) =>
      `${comment(branch, '  ')}  | (${baseName} & { ${key}: ${quote(branch.name)} } & ${typeText(branch.type)})`,
  );
  const taken = branches.map(({ name: value }) => quote(value)).join(' | ') || 'never';
  const rest = `  | (${baseName} & { ${key}: Exclude<${baseName}[${quote(discriminator)}], ${taken}> })`;
  return `${own}export type ${name} =\n${[...alternatives, rest].join('\n')};`;
}

function writeAlternate({ name, alternatives }: AlternateDefinition): string {
  return `export type ${name} = ${[...new Set(alternatives.map(({ type }) => typeText(type)))].join(' | ')};`;
}

function memberLine(member: Member): string {
  return `${comment(member, '  ')}  ${quoteName(member.name)}${member.optional ? '?' : ''}: ${typeText(member.type)};`;
}

function entry(name: string, facts: Facts, type: string): string {
  return `${comment(facts, '  ')}  ${quoteName(name)}: ${type};`;
}

function argumentsType(payload: Payload, open: boolean): string {
  const named = payloadType(payload) ?? nothing;
  return open ? `${named} & { [property: string]: unknown }` : named;
}

function eventType(payload: Payload): string {
  return payloadType(payload) ?? 'undefined';
}

function payloadType(payload: Payload): string | undefined {
  if (typeof payload === 'string') return typeText(payload);
  if (payload.length === 0) return undefined;
  return `{\n${payload.map((member) => indent(memberLine(member))).join('\n')}\n  }`;
}

function typeText(type: TypeReference): string {
  if (typeof type === 'string') return builtInTypes[type] ?? type;
  const item = typeText(type.arrayOf);
  return /[ |&]/.test(item) ? `(${item})[]` : `${item}[]`;
}

function block(head: string, lines: readonly string[]): string {
  return lines.length === 0 ? `${head} {}` : `${head} {\n${lines.join('\n')}\n}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

/** The facts as a comment, in goqemu's own words; editors strike out what is deprecated. */
function comment(facts: Facts, margin: string): string {
  const parts: string[] = [];
  if (facts.since) parts.push(`Since QEMU ${facts.since}.`);
  if (facts.condition) parts.push(`Depends on ${facts.condition}.`);
  if (facts.features.includes('unstable')) parts.push('Unstable.');
  if (facts.removedIn) parts.push(`@deprecated Not in QEMU ${facts.removedIn}.`);
  else if (facts.features.includes('deprecated')) parts.push('@deprecated');
  return parts.length === 0 ? '' : `${margin}/** ${parts.join(' ')} */\n`;
}

function quoteName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quote(name);
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
