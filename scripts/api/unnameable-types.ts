import ts from 'typescript';
import { ownFile, type PublicSurface, unaliased } from './public-surface.ts';

/** A type that occurs in a public signature and that no subpath exports. */
export interface UnnameableType {
  readonly name: string;
  /** Below packages/. */
  readonly file: string;
  /** The public name that leads to it. */
  readonly usedBy: string;
}

/** The types of goqemu that are reached from what a subpath exports and cannot be imported. */
export function unnameableTypes(surface: PublicSurface, subpaths = [...surface.entries.keys()]): UnnameableType[] {
  const { checker, entries } = surface;
  const nameable = new Set([...entries.values()].flat().map(({ symbol }) => symbol));
  const found = new Map<ts.Symbol, UnnameableType>();
  const seen = new Set<ts.Node | ts.Type>();

  for (const subpath of subpaths)
    for (const { name, declarations } of entries.get(subpath) ?? [])
      for (const declaration of declarations) visit(declaration, `${subpath}: ${name}`);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

  function visit(node: ts.Node, usedBy: string): void {
    if (seen.has(node) || isHidden(node)) return;
    seen.add(node);
    if (ts.isIdentifier(node)) reach(checker.getSymbolAtLocation(node), usedBy);
    if (ts.isTypeQueryNode(node)) return; // `typeof value`: the value's type, written out
    if (isTyped(node) && !node.type) visitType(checker.getTypeAtLocation(node), usedBy);
    if (ts.isFunctionLike(node) && !node.type && !ts.isConstructorDeclaration(node)) {
      const signature = checker.getSignatureFromDeclaration(node);
      if (signature) visitType(signature.getReturnType(), usedBy);
    }
    ts.forEachChild(node, (child) => {
      if (isSignaturePart(node, child)) visit(child, usedBy);
    });
  }

  /** What the compiler inferred is not in the source: its named parts are. */
  function visitType(type: ts.Type, usedBy: string): void {
    if (seen.has(type)) return;
    seen.add(type);
    const named = type.aliasSymbol ?? type.getSymbol();
    const isNamed =
      named && !(named.flags & (ts.SymbolFlags.TypeLiteral | ts.SymbolFlags.ObjectLiteral | ts.SymbolFlags.Function));
    if (isNamed) reach(named, usedBy);
    for (const part of type.isUnionOrIntersection() ? type.types : []) visitType(part, usedBy);
    for (const argument of [...(type.aliasTypeArguments ?? []), ...checker.getTypeArguments(type as ts.TypeReference)])
      visitType(argument, usedBy);
    if (!isNamed) for (const property of type.getProperties()) visitType(checker.getTypeOfSymbol(property), usedBy);
  }

  function reach(symbol: ts.Symbol | undefined, usedBy: string): void {
    if (!symbol) return;
    const target = unaliased(checker, symbol);
    const types = ts.SymbolFlags.Interface | ts.SymbolFlags.Class | ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Enum;
    if (!(target.flags & types)) return;
    const [declaration] = target.declarations ?? [];
    const file = declaration && ownFile(surface, declaration);
    if (!declaration || !file) return;
    if (!nameable.has(target) && !found.has(target)) found.set(target, { name: target.name, file, usedBy });
    for (const one of target.declarations ?? []) visit(one, usedBy);
  }
}

/** What is not in the declarations that users get, or not for them. */
function isHidden(node: ts.Node): boolean {
  if (ts.isClassElement(node)) {
    if (node.name && ts.isPrivateIdentifier(node.name)) return true;
    if (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) return true;
  }
  return ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');
}

function isTyped(node: ts.Node): node is ts.VariableDeclaration | ts.PropertyDeclaration {
  return ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node);
}

/** Bodies, initial values and names are no part of a signature. */
function isSignaturePart(parent: ts.Node, child: ts.Node): boolean {
  if ('body' in parent && parent.body === child) return false;
  if ('initializer' in parent && parent.initializer === child) return false;
  if ('name' in parent && parent.name === child) return false;
  return true;
}
