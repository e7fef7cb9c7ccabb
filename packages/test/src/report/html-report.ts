import { createHash } from 'node:crypto';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import type { ReportData } from './report-data.ts';

/**
 * A report as one page that needs no other file. What tests and guests print is in it as data alone: it is put into the page
 * as text by its one script, and the page's own policy lets no other script run.
 */
export function htmlReport(data: ReportData): string {
  const digest = createHash('sha256').update(pageScript).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Test report</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>Tests</h1>
<p id="summary"></p>
<div id="filters">
<div id="statuses" role="group" aria-label="Show tests that"></div>
<input id="search" type="search" placeholder="Filter by name or file" aria-label="Filter by name or file" autocomplete="off" spellcheck="false">
</div>
</header>
<section id="timeline" aria-label="Timeline"></section>
<main>
<nav id="list" aria-label="Tests"></nav>
<article id="detail" tabindex="-1" aria-live="polite"></article>
</main>
<noscript>This report needs JavaScript.</noscript>
<script type="application/json" id="data">${embedded(data)}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** JSON that ends no element and begins none, whatever its texts are. */
export function embedded(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
