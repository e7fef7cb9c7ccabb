import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

/** One name that a subpath of the package exports. */
export interface PublicName {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly declarations: readonly ts.Declaration[];
}

/** What can be imported from each subpath of goqemu, with the program that it was read from. */
export interface PublicSurface {
  readonly root: string;
  readonly program: ts.Program;
  readonly checker: ts.TypeChecker;
  /** By subpath: `goqemu`, `goqemu/machine`. Names are sorted. */
  readonly entries: ReadonlyMap<string, readonly PublicName[]>;
}

/** Reads the sources as the compiler does; the subpaths are those of packages/goqemu/package.json. */
export function readPublicSurface(root: string): PublicSurface {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages/goqemu/package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  const files = new Map(
    Object.entries(exports).map(([subpath, file]) => [
      subpath.replace('.', 'goqemu'),
      join(root, 'packages/goqemu', file),
    ]),
  );
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const program = ts.createProgram([...files.values()], {
    ...options,
    noEmit: false,
    declaration: true,
    stripInternal: true,
    removeComments: true,
  });
  const checker = program.getTypeChecker();
  const entries = new Map(
    [...files].map(([subpath, file]) => {
      const source = program.getSourceFile(file);
      const module = source && checker.getSymbolAtLocation(source);
      if (!module) throw new Error(`${file} exports nothing`);
      return [subpath, checker.getExportsOfModule(module).map(publicName).sort(byName)];
    }),
  );
  function publicName(exported: ts.Symbol): PublicName {
    const symbol = unaliased(checker, exported);
    return { name: exported.name, symbol, declarations: symbol.declarations ?? [] };
  }
  return { root, program, checker, entries };
}

/** The symbol behind imports and re-exports. */
export function unaliased(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Whether something is declared by goqemu, not by a library; and its path below packages/. */
export function ownFile({ root }: Pick<PublicSurface, 'root'>, declaration: ts.Declaration): string | undefined {
  const path = relative(join(root, 'packages'), declaration.getSourceFile().fileName);
  return path.startsWith('..') || path.includes('node_modules') ? undefined : path.replaceAll(sep, '/');
}

function byName(a: PublicName, b: PublicName): number {
  return a.name < b.name ? -1 : 1;
}
