import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Names of the public API that a part of it has too, by that part's file beside the whole. */
export const leanParts: Readonly<Record<string, readonly string[]>> = {
  describe: ['GoqemuError', 'defineLab', 'hasErrorCode', 'isGoqemuError', 'isLabDefinition', 'secret', 'sh'],
  schema: ['z'],
};

/**
 * Most labs import a few names from `goqemu`, which is the SDK of single machines besides: half a megabyte that a plan
 * does not need. A bundled lab takes such names from the small files beside the whole. They are the same bindings; a
 * name that no part has, or an import of everything, takes the whole.
 *
 * @param code as esbuild writes it: names that are not used are gone, and each import is a statement of its own
 * @param sdk URL of the whole, `…/index.js`
 */
export function withLeanImports(code: string, sdk: string): string {
  const [, folder = '', extension = ''] = /^(.*\/)index(\.m?[jt]s)$/.exec(sdk) ?? [];
  const file = (part: string) => `${folder}${part}${extension}`;
  // An older goqemu that is installed beside the lab has no such parts.
  const parts = Object.keys(leanParts).filter((part) => existsSync(fileURLToPath(file(part))));
  return code.replace(/^import \{([^{}]*)\} from ("[^"\n]*");/gm, (statement, list: string, from: string) => {
    if (from !== JSON.stringify(sdk)) return statement;
    const names = list.split(',').map((name) => name.trim());
    const byPart = new Map<string, string[]>();
    for (const name of names) {
      const [exported = ''] = name.split(' as ');
      const part = parts.find((one) => leanParts[one]?.includes(exported)) ?? 'index';
      byPart.set(part, [...(byPart.get(part) ?? []), name]);
    }
    const imports = [...byPart].map(
      ([part, some]) => `import { ${some.join(', ')} } from ${JSON.stringify(file(part))};`,
    );
    // The lines below keep their numbers, by which the source map knows them.
    return imports.join(' ') + '\n'.repeat(statement.split('\n').length - 1);
  });
}
