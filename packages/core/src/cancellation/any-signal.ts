/**
 * A signal that aborts with the first of several, as `AbortSignal.any`; those that are undefined are left out, and one alone
 * is returned as it is.
 *
 * Node.js 20 holds the sources of `AbortSignal.any` weakly: an `AbortSignal.timeout` that no one else holds is collected
 * with the garbage, and never fires. A source with a listener is kept until it has fired. It is the same listener each time,
 * so that a signal that lives long has it once.
 */
export function anySignal(first: AbortSignal, ...others: readonly (AbortSignal | undefined)[]): AbortSignal;
export function anySignal(first: AbortSignal | undefined, second: AbortSignal): AbortSignal;
export function anySignal(...given: readonly (AbortSignal | undefined)[]): AbortSignal | undefined;
export function anySignal(...given: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const sources = given.filter((one) => one !== undefined);
  if (sources.length <= 1) return sources[0];
  for (const source of sources) source.addEventListener('abort', keep, { once: true });
  return AbortSignal.any(sources);
}

function keep(): void {}
