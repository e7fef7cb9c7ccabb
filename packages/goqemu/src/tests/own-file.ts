/** The URL of a program of this package: side by side in its bundle, in `src` in a checkout. */
export function ownFile(name: string): string {
  const bundled = !import.meta.url.endsWith('.ts');
  const extension = name === '' || name.endsWith('/') ? '' : bundled ? '.js' : '.ts';
  return new URL(`${bundled ? './' : '../'}${name}${extension}`, import.meta.url).href;
}

/** What `node` takes to run the programs of this package: nothing, but for its sources in a checkout. */
export function ownLoader(): readonly string[] {
  return import.meta.url.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
}
