import { pageFile, topicGroups, topics } from '../pages/topics.ts';

/** docs/index.md: every page, by group; what the site opens with. */
export function renderPageIndex(): string {
  return [
    '# goqemu',
    '',
    '<!-- Written by `npm run docs` from the list of help topics; do not edit. -->',
    '',
    'goqemu creates QEMU virtual machines from a TypeScript file, shows a plan before it changes anything, and caches every step as',
    'a layer to return to. Begin with the [tutorial](tutorial.md): it takes ten minutes.',
    '',
    'The same pages are in the package: `goqemu help` lists them, and `goqemu help TOPIC` shows one.',
    ...topicGroups.flatMap((group) => [
      '',
      `## ${group}`,
      '',
      ...topics
        .filter((topic) => topic.group === group)
        .map((topic) => `- [${topic.name}](${pageFile(topic)}): ${topic.summary}`),
    ]),
    '',
  ].join('\n');
}
