import { GoqemuError } from '@goqemu/core';
import { suggestion } from '../evaluate/lab-error.ts';
import type { PlanInput } from '../resource/plan-input.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import { type ResourceRef, resourceKey } from '../resource/resource-ref.ts';
import type { LabResource } from './lab-resources.ts';

/**
 * @throws GoqemuError `machine-unknown` for a name in an option that neither the lab nor the state has, `replace-refused`
 *   for one of a resource that is not made again
 */
export function checkNames(input: PlanInput, declared: readonly LabResource[], kinds: readonly ResourceKind[]): void {
  const options = [
    ['--target', input.target],
    ['--exclude', input.exclude],
    ['--replace', input.replace],
  ] as const;
  if (options.every(([, names]) => names === undefined)) return;
  const recorded = Object.entries(input.read.state.resources).flatMap(([kind, rows]) =>
    Object.keys(rows).map((name) => ({ kind, name })),
  );
  const refs = [...declared.map(({ ref }) => ref), ...recorded];
  const names = new Set(refs.map(({ name }) => name));
  const keys = new Set(refs.map(resourceKey));
  for (const [option, given] of options) {
    const unknown = given?.find((name) => !names.has(name) && !keys.has(name));
    if (unknown === undefined) continue;
    throw new GoqemuError({
      code: 'machine-unknown',
      source: 'user',
      subject: option,
      message: `${option}: no machine is called "${unknown}"`,
      hint: suggestion(unknown, [...names]),
    });
  }
  for (const name of input.replace ?? []) checkReplace(name, refs, kinds);
}

/** A name that machines and networks share is that of the machine. */
function checkReplace(name: string, refs: readonly ResourceRef[], kinds: readonly ResourceKind[]): void {
  const own = refs.filter((ref) => ref.name === name || resourceKey(ref) === name);
  const found = own.map((ref) => kinds.find(({ kind }) => kind === ref.kind));
  const [first] = found;
  if (!first || found.some((kind) => kind?.notReplaced === undefined)) return;
  throw new GoqemuError({
    code: 'replace-refused',
    source: 'user',
    subject: name,
    message: `--replace: ${name} is a ${first.kind}, which is not made again`,
    hint: first.notReplaced ?? '',
  });
}
