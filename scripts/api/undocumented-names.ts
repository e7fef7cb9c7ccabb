import ts from 'typescript';
import { ownFile, type PublicSurface } from './public-surface.ts';

/** What a subpath exports without a docstring; what is made from QEMU's schema has that one's words, or none. */
export function undocumentedNames(surface: PublicSurface, subpath: string): string[] {
  return (surface.entries.get(subpath) ?? []).flatMap(({ name, symbol, declarations }) => {
    const [first] = declarations;
    const file = first && ownFile(surface, first);
    if (!file || file.includes('/generated/')) return [];
    const text = ts.displayPartsToString(symbol.getDocumentationComment(surface.checker));
    return text.trim() === '' ? [`${name} of ${file}`] : [];
  });
}
