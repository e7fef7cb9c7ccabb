import ts from 'typescript';
import { ownFile, type PublicName, type PublicSurface } from './public-surface.ts';

/** The file that shows what a subpath exports: `goqemu/machine` is in `api/machine.api.md`. */
export function reportFile(subpath: string): string {
  return `api/${subpath.split('/')[1] ?? 'goqemu'}.api.md`;
}

/** What a subpath exports, as declarations without comments: a change of it is a change of the public surface. */
export function apiReport(surface: PublicSurface, subpath: string): string {
  const names = surface.entries.get(subpath) ?? [];
  const texts = names.map((name) => textOf(surface, name));
  return `# ${subpath}

What \`import … from '${subpath}'\` gives: ${names.length} names. Written by \`npm run docs\`; do not edit.

\`\`\`ts
${texts.join('\n')}
\`\`\`
`;
}

function textOf(surface: PublicSurface, { name, declarations }: PublicName): string {
  const [first] = declarations;
  const file = first && ownFile(surface, first);
  if (!first || !file) return `export { ${name} }; // of a library`;
  if (file.includes('/generated/')) return `export type ${name}; // of QEMU's schema`;
  const statements = declarationsOf(surface, first.getSourceFile());
  const own = declarations.flatMap((declaration) => statements.get(nameOf(declaration)) ?? []);
  return [...new Set(own)].join('\n');
}

function nameOf(declaration: ts.Declaration): string {
  const name = ts.getNameOfDeclaration(declaration);
  return name && ts.isIdentifier(name) ? name.text : '';
}

const emitted = new WeakMap<ts.SourceFile, Map<string, string[]>>();

/** What the compiler writes for each name that a file declares. */
function declarationsOf({ program }: PublicSurface, file: ts.SourceFile): Map<string, string[]> {
  const present = emitted.get(file);
  if (present) return present;
  let text = '';
  program.emit(
    file,
    (_name, content) => {
      text = content;
    },
    undefined,
    true,
  );
  const found = new Map<string, string[]>();
  const parsed = ts.createSourceFile('declarations.d.ts', text, ts.ScriptTarget.Latest, true);
  for (const statement of parsed.statements)
    for (const name of namesIn(statement)) found.set(name, [...(found.get(name) ?? []), statement.getText()]);
  emitted.set(file, found);
  return found;
}

function namesIn(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map((declaration) => nameOf(declaration));
  const { name } = statement as ts.DeclarationStatement;
  return name ? [name.text] : [];
}
