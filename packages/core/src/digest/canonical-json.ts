/** JSON with keys sorted and undefined left out: equal values give equal text (in the spirit of RFC 8785). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item) ? sorted(item) : item,
  );
}

/** Most objects are small, and many are in order. */
function sorted(item: object): object {
  const names = Object.keys(item);
  if (names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name)) return item;
  return Object.fromEntries(names.sort().map((name) => [name, (item as Record<string, unknown>)[name]]));
}
