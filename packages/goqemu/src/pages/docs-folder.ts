import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the pages are: in the package, or in a checkout, which is known by the package's sources, in the checkout. */
export function docsFolder(): string {
  const bundled = /\.c?js$/.test(import.meta.url);
  const packageFolder = new URL(bundled ? '../' : '../../', import.meta.url);
  const isCheckout = existsSync(new URL('src/cli.ts', packageFolder));
  return fileURLToPath(new URL(isCheckout ? '../../docs' : 'docs', packageFolder));
}
