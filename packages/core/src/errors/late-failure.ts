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

/**
 * The first failure of a block with `await using` whose clean-up failed, too: the language throws a `SuppressedError`, whose
 * message says neither. Anything else is given back as it is.
 */
export function firstFailure(thrown: unknown): unknown {
  const { name, error, suppressed } = (thrown ?? {}) as { name?: unknown; error?: unknown; suppressed?: unknown };
  if (name !== 'SuppressedError' || suppressed === undefined) return thrown;
  return withLateFailure(firstFailure(suppressed), firstFailure(error));
}

/**
 * Clears up after a failure, and gives what to throw then: `throw await afterCleanUp(error, () => rm(draft))`. A clean-up
 * that fails, too, never hides why it was needed.
 */
export async function afterCleanUp(first: unknown, cleanUp: () => Promise<unknown>): Promise<unknown> {
  try {
    await cleanUp();
    return first;
  } catch (late) {
    return withLateFailure(first, late);
  }
}

/** Works and then clears up, whatever became of the work: what fails first is thrown. */
export async function withCleanUp<T>(work: () => Promise<T>, cleanUp: () => Promise<unknown>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    throw await afterCleanUp(error, cleanUp);
  }
  await cleanUp();
  return result;
}
