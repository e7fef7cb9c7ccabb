/** The site: the pages of docs by VitePress, in the order that `goqemu help` has. */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { anchorOf } from '../../packages/goqemu/src/pages/page-sections.ts';
import { pageFile, type Topic, topicGroups, topics } from '../../packages/goqemu/src/pages/topics.ts';

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#3451b2" d="M1 2h14v9H1zM5 12h6v2H5z"/></svg>';

export default defineConfig({
  title: 'goqemu',
  description: 'QEMU virtual machine labs in TypeScript: plan, apply, and return to a checkpoint',
  srcDir: '../docs',
  outDir: '../.cache/site',
  cacheDir: '../.cache/vitepress',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  markdown: { anchor: { slugify: anchorOf } }, // links in the pages are those of GitHub and of goqemu help, too
  router: { prefetchLinks: false }, // the index links to every page
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: topicGroups.map((group) => ({
      text: group,
      items: topics
        .filter((topic) => topic.group === group)
        .map((topic) => ({ text: shortTitle(topic), link: `/${pageFile(topic).replace(/\.md$/, '')}` })),
    })),
  },
});

/** The page's own title, without what the group says already and what follows a colon. */
function shortTitle(topic: Topic): string {
  const page = readFileSync(new URL(`../../docs/${pageFile(topic)}`, import.meta.url), 'utf8');
  const title = /^# (?:How to |Coming from )?([^:\n]*)/.exec(page)?.[1] ?? topic.name;
  return title.charAt(0).toUpperCase() + title.slice(1);
}
