/**
 * What to throw when clean-up fails after something else had failed: the first failure, which is the one that its
 * owner looks for, with the later one at the end of its chain of causes.
 */
export function withLateFailure(first: unknown, late: unknown): unknown {
  let last = first;
  for (const seen = new Set<unknown>(); last instanceof Error && last.cause !== undefined; last = last.cause) {
    if (last === late || seen.has(last)) return first;
    seen.add(last);
  }
  if (last === late) return first;
  if (last instanceof Error && Object.isExtensible(last)) {
    Object.defineProperty(last, 'cause', { value: late, configurable: true, writable: true });
    return first;
  }
  return new AggregateError([first, late], first instanceof Error ? first.message : String(first));
}
