/** The same object, which can be asked with `expect`, too. */
export function withProbes<T extends object, Probes extends object>(target: T, probes: Probes): T & Probes {
  return new Proxy(target, {
    get: (object, key) => (Object.hasOwn(probes, key) ? Reflect.get(probes, key) : Reflect.get(object, key)),
  }) as T & Probes;
}
