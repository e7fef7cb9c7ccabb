import { checkResourceName, GoqemuError } from '@goqemu/core';

/** Forks that one command makes. */
const mostForks = 64;

/**
 * Names of stacks that are not there yet: the one that was asked for, or numbered ones.
 *
 * @throws GoqemuError `name-invalid`, `stack-exists`, `count-invalid`
 */
export function chooseForkNames(
  checkpoint: string,
  stacks: ReadonlySet<string>,
  { name, count = 1 }: { readonly name?: string; readonly count?: number },
): readonly string[] {
  // In a folder of Windows or macOS upper and lower case count as the same.
  const spellings = new Set([...stacks].map((stack) => stack.toLowerCase()));
  const isTaken = (candidate: string) => spellings.has(candidate.toLowerCase());
  if (!Number.isInteger(count) || count < 1 || count > mostForks) {
    throw new GoqemuError({
      code: 'count-invalid',
      source: 'user',
      subject: 'count',
      message: `the number of forks must be a whole number from 1 to ${mostForks}, got ${String(count)}`,
      hint: 'write --count 2',
    });
  }
  if (name !== undefined && count === 1) {
    if (!isTaken(name)) return [checkResourceName(name, 'the fork')];
    throw new GoqemuError({
      code: 'stack-exists',
      source: 'user',
      subject: name,
      message: `there is a stack "${name}" of this lab already`,
      hint: `choose another name, or remove it: goqemu destroy --stack ${name}`,
    });
  }
  const base = name === undefined ? labelOf(checkpoint) : checkResourceName(name, 'the fork');
  const names: string[] = [];
  for (let number = 1; names.length < count; number++) {
    const candidate = checkResourceName(`${base}-${number}`, 'the fork');
    if (!isTaken(candidate)) names.push(candidate);
  }
  return names;
}

/** What a checkpoint is called, as far as a folder can be called so. */
function labelOf(description: string): string {
  const words = description.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, 40).replace(/-$/, '') || 'fork';
}
