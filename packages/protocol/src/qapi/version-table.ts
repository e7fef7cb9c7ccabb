import type { QapiSchema } from './model.ts';

/** Writes what a client must know at run time, as a module of data. */
export function writeVersionTable(schema: QapiSchema, origin: readonly string[]): string {
  const since: string[] = [];
  const silent: string[] = [];
  for (const definition of schema.definitions.values()) {
    if (definition.kind !== 'command' && definition.kind !== 'event') continue;
    if (definition.since) since.push(`    ${JSON.stringify(definition.name)}: ${JSON.stringify(definition.since)},`);
    if (definition.kind === 'command' && definition.silent) silent.push(JSON.stringify(definition.name));
  }
  return `${origin.map((line) => `// ${line}`).join('\n')}

/** The QEMU that brought each command and event, and the commands that answer only when they fail. */
export const versionTable: {
  readonly since: Readonly<Record<string, string>>;
  readonly silent: readonly string[];
} = {
  since: {
${since.join('\n')}
  },
  silent: [${silent.join(', ')}],
};
`;
}
