import type { QapiSchema } from './model.ts';

/** Which QEMU brought a command or an event, as a module of data; see {@link writeVersionTable}. */
export interface VersionTable {
  readonly since: Readonly<Record<string, string>>;
  /** Commands that answer only when they fail. */
  readonly silent: readonly string[];
}

/** Writes what a client must know at run time. */
export function writeVersionTable(schema: QapiSchema, origin: readonly string[]): string {
  const since: string[] = [];
  const silent: string[] = [];
  for (const definition of schema.definitions.values()) {
    if (definition.kind !== 'command' && definition.kind !== 'event') continue;
    if (definition.since) since.push(`    ${JSON.stringify(definition.name)}: ${JSON.stringify(definition.since)},`);
    if (definition.kind === 'command' && definition.silent) silent.push(JSON.stringify(definition.name));
  }
  return `${origin.map((line) => `// ${line}`).join('\n')}

import type { VersionTable } from '../qapi/version-table.ts';

export const versionTable: VersionTable = {
  since: {
${since.join('\n')}
  },
  silent: [${silent.join(', ')}],
};
`;
}
