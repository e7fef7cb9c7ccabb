import type { DesiredMachine } from './desired-machine.ts';
import type { PlanNotice } from './plan.ts';
import type { PlanContext } from './plan-context.ts';

/** How many files of an upload are named. */
const namedFiles = 3;

/**
 * Scripts with CRLF that the plan takes into a guest, where they do not run. They go as they are: what is in a file is its
 * author's, and in its layer's key.
 */
export function crlfNotices(context: PlanContext, wanted: readonly DesiredMachine[]): readonly PlanNotice[] {
  const links = new Map(wanted.flatMap(({ chain }) => chain.map((link) => [link.key, link] as const)));
  return context.operations.flatMap(({ work, resource: { name } }): PlanNotice[] => {
    const link = work.verb === 'step' ? links.get(work.applied.key) : undefined;
    if (!link?.crlf?.length) return [];
    return [
      {
        code: 'script-crlf',
        message: `${name}/${link.name}: ${whatOf(link.crlf)} in CRLF: a shell of the guest takes the CR for part of the line`,
        hint: 'save the file with LF, for Git by a line "* text=auto eol=lf" in .gitattributes; a text of the lab: .replaceAll("\\r\\n", "\\n")',
      },
    ];
  });
}

function whatOf(files: readonly string[]): string {
  const named = files.filter((file) => file !== '');
  if (named.length === 0) return 'the lines of its script end';
  const more = named.length > namedFiles ? ` and ${named.length - namedFiles} more` : '';
  return `the lines of ${named.slice(0, namedFiles).join(', ')}${more} end`;
}
