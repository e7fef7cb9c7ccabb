import { lengthPrefixedDigest } from '@goqemu/core';

/** What a script prints: `echo words` prints them, and anything else a digest of the disk and the script. */
export function printed(script: string, disk: readonly string[]): string {
  const words = /^echo (.*)$/.exec(script.trim())?.[1];
  return words === undefined ? lengthPrefixedDigest([script, ...disk]).slice(0, 16) : `${words}\n`;
}

/** What `sleep N` lines of a script take together, in milliseconds; N may be a fraction. */
export function sleepMs(script: string): number {
  return [...script.matchAll(/^\s*sleep (\d+(?:\.\d+)?)\s*$/gm)].reduce(
    (sum, [, seconds]) => sum + Number(seconds) * 1000,
    0,
  );
}

/** `false` and `exit N` fail, as a shell would have it. */
export function failingExitCode(script: string): number {
  const last = script.trim().split('\n').at(-1)?.trim() ?? '';
  return last === 'false' ? 1 : Number(/^exit (\d+)$/.exec(last)?.[1] ?? 0);
}
