/** The URL of a program for the processes of a `goqemu test`: side by side with this in the package's bundle. */
export function ownFile(name: string): string {
  return new URL(`./${name}.js`, import.meta.url).href;
}
