import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { PlanNotice } from './plan.ts';
import type { DraftOperation, PlanContext } from './plan-context.ts';
import { recordedMachine } from './recorded-machine.ts';

/**
 * Machines that are about to be booted from their image by the key of an earlier seed: nothing is left of what they
 * keep it for, and the boot has today's. One that another machine still stands on keeps its key.
 */
export function madeByTodaysSeed(context: PlanContext, wanted: readonly DesiredMachine[]): readonly string[] {
  if (!wanted.some(({ chain }) => chain[0]?.older)) return [];
  const made = new Map(
    context.operations.flatMap((one) => (one.work.verb === 'make' ? [[one.resource.name, one.work]] : [])),
  );
  const lines = new Map<string, string[]>();
  for (const { declaration } of wanted) {
    const root = rootOf(declaration.name, wanted);
    lines.set(root, [...(lines.get(root) ?? []), declaration.name]);
  }
  return [...lines].flatMap(([root, line]) => {
    const first = wanted.find(({ declaration }) => declaration.name === root)?.chain[0];
    if (!first?.older) return [];
    const boots = line.some((name) => {
      const work = made.get(name);
      return work !== undefined && 'image' in work.origin && !work.resume;
    });
    const isStoodOn = line.some(
      (name) => !made.has(name) && recordedMachine(context.facts.state, name)?.base === first.key,
    );
    return boots && !isStoodOn ? [root] : [];
  });
}

/** What recorded machines keep that is made another way today, and how they get it. */
export function olderNotices(context: PlanContext, wanted: readonly DesiredMachine[]): readonly PlanNotice[] {
  const notices: PlanNotice[] = [];
  for (const { declaration, chain } of wanted) {
    const { name } = declaration;
    const recorded = recordedMachine(context.facts.state, name);
    if (!recorded || recorded.imported || isMade(context.operations, name)) continue;
    const own = declaration.from ? chain.slice(chain.length - declaration.steps.length) : chain;
    const kept = own.filter((link) => link.older !== undefined && recorded.applied.some(({ key }) => key === link.key));
    if (kept.length === 0) continue;
    const above = wanted.filter(
      (one) => one.declaration.name !== name && rootOf(one.declaration.name, wanted, name) === name,
    );
    const others =
      above.length === 0
        ? ''
        : `, and so does what is made from it (${above.map((one) => one.declaration.name).join(', ')})`;
    notices.push({
      code: 'older-version',
      message: `${name} keeps what an earlier goqemu made: ${kept.map(described).join(', ')}${others}`,
      hint: `goqemu apply --replace ${name} recreates ${above.length === 0 ? 'it' : 'them'} the current way; "goqemu help lab#machines-of-an-earlier-goqemu" says what differs`,
    });
  }
  return notices;
}

function described({ name, step, older }: ChainLink): string {
  const what = step ? `the ${step.kind} "${name}"` : 'its first boot';
  return `${what} (version ${older?.version}, today ${older?.today})`;
}

function isMade(operations: readonly DraftOperation[], machine: string): boolean {
  return operations.some((one) => one.resource.name === machine && one.work.verb === 'make');
}

/** The machine at the beginning of a line of `from`; the line is not followed beyond `last`. */
function rootOf(name: string, wanted: readonly DesiredMachine[], last?: string): string {
  const from = wanted.find(({ declaration }) => declaration.name === name)?.declaration.from?.machine;
  return from === undefined || name === last ? name : rootOf(from, wanted, last);
}
