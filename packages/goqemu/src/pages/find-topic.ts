import { nearestWord } from '@goqemu/core';
import { usageError } from '../arguments/usage-error.ts';
import { headingsOf, sectionOf } from './page-sections.ts';
import { pageFile, type Topic, topics } from './topics.ts';

/** What a word after `goqemu help` names: a page, and one of its sections. */
export interface NamedTopic {
  readonly topic: Topic;
  readonly anchor?: string;
}

/** The page that a word names: `lab`, `lab#time-outs`, or as its file: `lab.md`, `docs/how-to/ci.md`. */
export function findTopic(word: string): NamedTopic | undefined {
  const [page = '', anchor] = word.split('#');
  const path = page.replace(/^(?:\.\/)?docs\//, '').replace(/\.md$/, '');
  const topic = topics.find((one) => one.name === path || pageFile(one) === `${path}.md`);
  return topic && { topic, ...(anchor ? { anchor } : {}) };
}

/**
 * The page, or its section.
 *
 * @throws GoqemuError `usage` for a section that the page does not have, with the nearest one
 */
export function partOfPage(markdown: string, { topic, anchor }: NamedTopic): string {
  if (anchor === undefined) return markdown;
  const section = sectionOf(markdown, anchor);
  if (section !== undefined) return section;
  const anchors = headingsOf(markdown).map((heading) => heading.anchor);
  const near = nearestWord(anchor, anchors);
  const whole = `goqemu help ${topic.name}`;
  const sections = anchors.slice(1); // the first heading is the page's title
  throw usageError(
    `the page "${topic.name}" has no section "${anchor}"`,
    near
      ? `did you mean "${whole}#${near}"?`
      : sections.length > 0
        ? `its sections: ${sections.join(', ')}`
        : `it has no sections: "${whole}"`,
  );
}
