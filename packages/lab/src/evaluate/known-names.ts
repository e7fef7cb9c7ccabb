/** An object whose unknown properties are errors: they are thrown where they are read. */
export function knownNames<T>(
  known: () => Record<string, T>,
  unknown: (name: string, known: readonly string[]) => Error,
): Readonly<Record<string, T>> {
  return new Proxy({} as Record<string, T>, {
    get: (_target, property) => {
      if (typeof property === 'symbol') return undefined;
      const values = known();
      if (Object.hasOwn(values, property)) return values[property];
      throw unknown(property, Object.keys(values));
    },
    ownKeys: () => Object.keys(known()),
    getOwnPropertyDescriptor: (_target, property) => {
      const values = known();
      return typeof property === 'string' && Object.hasOwn(values, property)
        ? { value: values[property], enumerable: true, configurable: true }
        : undefined;
    },
  });
}
