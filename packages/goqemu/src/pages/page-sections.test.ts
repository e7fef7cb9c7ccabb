import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorOf, headingsOf, sectionOf } from './page-sections.ts';

const page = `# Page

Before.

## One \`code\` & more

Text.

### Below it

\`\`\`sh
# no heading
## nor this
\`\`\`

## Time-outs

Last.

## Time-outs
`;

test('headings have the anchors that GitHub gives them, and code has none', () => {
  assert.deepEqual(
    headingsOf(page).map(({ level, anchor }) => `${level} ${anchor}`),
    ['1 page', '2 one-code--more', '3 below-it', '2 time-outs', '2 time-outs-1'],
  );
  assert.equal(anchorOf('See [the page](lab.md) of Ünïcode’s 2_words'), 'see-the-page-of-ünïcodes-2_words');
});

test('a section is its heading, its text and what is below it', () => {
  assert.match(sectionOf(page, 'one-code--more') ?? '', /^## One[\s\S]*nor this\n```\n$/);
  assert.equal(sectionOf(page, 'time-outs-1'), '## Time-outs\n');
  assert.equal(sectionOf(page, 'gone'), undefined);
});
