/** Imports a module by an address that is made while this runs. A program of `dist` is given this by what starts it. */
export function importModule(address: string): Promise<unknown> {
  return import(address);
}
