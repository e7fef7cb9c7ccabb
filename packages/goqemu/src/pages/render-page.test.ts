import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { plainStyle, styleFor } from '../render/style.ts';
import { docsFolder } from './docs-folder.ts';
import { renderPage } from './render-page.ts';
import { pageFile, topics } from './topics.ts';

const coloured = styleFor(process.stdout, { wanted: 'always', env: {} });
const plain = (markdown: string, width = 60) => renderPage(markdown, { style: plainStyle, width });

test('headings stand out, text is wrapped and indented, code stays as it is', () => {
  const text = plain('# Title\n\nSome words that do not fit on one line.\n\n```sh\ngoqemu plan   # look\n```\n', 26);
  assert.equal(text, 'Title\n\n  Some words that do not\n  fit on one line.\n\n    goqemu plan   # look\n');
});

test('lists keep their marks, and what belongs to an item is below its text', () => {
  const text = plain('- one\n- two words here\n  - inner\n\n3. third\n4. fourth\n', 14);
  assert.equal(text, '  - one\n  - two words\n    here\n    - inner\n\n  3. third\n  4. fourth\n');
});

test('a table shares the width among its columns', () => {
  const table = '| option | what it is |\n|---|---|\n| `--a` | words that need two lines |\n| `--b` | few |\n';
  assert.equal(
    plain(table, 28),
    [
      '  option  what it is',
      '  ──────  ──────────────────',
      '  `--a`   words that need two',
      '          lines',
      '  `--b`   few',
      '',
    ]
      .join('\n')
      .replace('words that need two\n          lines', 'words that need\n          two lines'),
  );
});

test('a link to a page is the command that shows it, and one within the page its text', () => {
  const text = plain(
    'See [lab.md](lab.md#time-outs), [the events](events.md), [below](#x) and [QEMU](https://qemu.org).',
    200,
  );
  assert.equal(
    text,
    '  See goqemu help lab#time-outs, the events (goqemu help events), below and QEMU (https://qemu.org).\n'.replace(
      / (?=\S+\)\.\n)/,
      ' ',
    ),
  );
});

test('colours end with each word, so that a pager keeps them over lines', () => {
  const text = renderPage('**two words**', { style: coloured, width: 8 });
  assert.equal(text, '  \u001b[1mtwo\u001b[22m\n  \u001b[1mwords\u001b[22m\n');
});

for (const topic of topics)
  test(`the page ${topic.name} is no wider than a terminal but for code, and keeps no Markdown`, () => {
    const markdown = readFileSync(join(docsFolder(), pageFile(topic)), 'utf8');
    const lines = stripVTControlCharacters(renderPage(markdown, { style: coloured, width: 80 })).split('\n');
    const prose = lines.filter((line) => !line.startsWith('    '));
    assert.deepEqual(
      prose.filter((line) => line.length > 80 && !/\S{45}/.test(line)),
      [],
    );
    assert.deepEqual(
      prose.filter((line) => /^\s*(?:\||#{1,6} |```|<!--)|\]\([\w.#/-]+\)/.test(line)),
      [],
    );
  });
