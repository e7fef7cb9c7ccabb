/**
 * A path pattern as in a .gitignore file, without its exceptions: `*` and `?` stay within one name, `**` does not. `/etc/**` is
 * the folder itself and all that is below it.
 */
export function globPattern(glob: string): RegExp {
  const below = glob.endsWith('/**');
  const source = (below ? glob.slice(0, -3) : glob)
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(
      /\*\*\/|\*\*|\*|\?/g,
      (wild) => ({ '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' })[wild] ?? wild,
    );
  return new RegExp(`^${source}${below ? '(?:/.*)?' : ''}$`, 's');
}
