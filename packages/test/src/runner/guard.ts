/**
 * The same object, whose methods call `check` first: what is given to a test is no longer its own when the test is over.
 * `wrap` does the same for what a method returns.
 */
export function guarded<T extends object>(
  target: T,
  check: (method: string) => void,
  wrap: Wrap = (_, value) => value,
): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object); // private fields are the object's own, not the proxy's
      if (isPart(value)) return guarded(value, check);
      if (typeof value !== 'function' || typeof key === 'symbol' || key === 'constructor') return value;
      return (...args: unknown[]) => {
        check(key);
        return wrap(key, Reflect.apply(value as (...given: unknown[]) => unknown, object, args));
      };
    },
  });
}

/** As the screen of a machine is: its calls are the machine's. */
function isPart(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) !== Object.prototype &&
    !Array.isArray(value)
  );
}

type Wrap = (method: string, value: unknown) => unknown;
