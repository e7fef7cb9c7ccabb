/** The style of a report; dark where the reader's system is. */
export const pageStyle = `
:root {
  --back: #f6f7f9; --card: #fff; --text: #1c2128; --dim: #5b6672; --line: #d8dee4; --soft: #eef1f4;
  --passed: #1a7f37; --failed: #cf222e; --skipped: #8c959f; --todo: #9a6700; --accent: #0969da; --mark: #ddf4ff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --card: #161b22; --text: #e6edf3; --dim: #9198a1; --line: #30363d; --soft: #21262d;
    --passed: #3fb950; --failed: #f85149; --skipped: #6e7681; --todo: #d29922; --accent: #4493f8; --mark: #122d42;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { position: sticky; top: 0; z-index: 2; background: var(--card); border-bottom: 1px solid var(--line); padding: 10px 20px; display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; }
h1 { font-size: 17px; margin: 0; }
#summary { margin: 0; color: var(--dim); flex: 1 1 auto; font-size: 13px; }
#filters { display: flex; flex-wrap: wrap; gap: 8px; flex: 0 1 auto; }
#statuses { display: flex; flex-wrap: wrap; gap: 6px; }
#statuses button { font: inherit; font-size: 13px; color: var(--text); background: var(--soft); border: 1px solid var(--line); border-radius: 999px; padding: 3px 11px; cursor: pointer; }
#statuses button[aria-pressed="true"] { background: var(--mark); border-color: var(--accent); }
#search { font: inherit; font-size: 14px; color: inherit; background: var(--back); border: 1px solid var(--line); border-radius: 7px; padding: 4px 10px; width: 230px; max-width: 100%; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; flex: none; background: var(--skipped); }
.passed > .dot, .dot.passed { background: var(--passed); } .failed > .dot, .dot.failed { background: var(--failed); }
.todo > .dot, .dot.todo { background: var(--todo); }
#timeline { margin: 12px 20px 0; background: var(--card); border: 1px solid var(--line); border-radius: 9px; padding: 8px 12px 4px; }
#timeline:empty { display: none; }
.lanes { max-height: 156px; overflow-y: auto; }
.lane { position: relative; height: 17px; margin: 2px 0; background: var(--soft); border-radius: 4px; }
.lane a { position: absolute; top: 2px; bottom: 2px; min-width: 3px; border-radius: 2px; background: var(--passed); opacity: .85; }
.lane a.failed { background: var(--failed); } .lane a.todo { background: var(--todo); }
.lane a.current { outline: 2px solid var(--accent); outline-offset: 1px; opacity: 1; z-index: 1; } .lane a.out { opacity: .15; }
.scale { display: flex; justify-content: space-between; color: var(--dim); font-size: 11px; padding-top: 2px; }
main { display: grid; grid-template-columns: minmax(250px, 34%) minmax(0, 1fr); gap: 14px; padding: 12px 20px 40px; align-items: start; }
#list { background: var(--card); border: 1px solid var(--line); border-radius: 9px; overflow: hidden; }
#list h2 { font-size: 12px; font-weight: 600; color: var(--dim); margin: 0; padding: 7px 12px; background: var(--soft); border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
#list a { display: flex; gap: 9px; align-items: baseline; padding: 6px 12px; color: inherit; text-decoration: none; border-bottom: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 35px; }
#list a:hover { background: var(--soft); } #list a.current { background: var(--mark); }
#list .name { flex: 1; overflow-wrap: anywhere; } #list .around { color: var(--dim); }
#list time, .took { color: var(--dim); font-size: 12px; white-space: nowrap; font-variant-numeric: tabular-nums; }
#list p { padding: 14px; margin: 0; color: var(--dim); }
#detail { background: var(--card); border: 1px solid var(--line); border-radius: 9px; padding: 16px 20px; min-height: 200px; outline: none; position: sticky; top: 62px; max-height: calc(100vh - 76px); overflow: auto; }
#detail h2 { font-size: 18px; line-height: 1.3; margin: 0 0 4px; overflow-wrap: anywhere; display: flex; gap: 10px; align-items: baseline; }
#detail h3 { font-size: 14px; margin: 22px 0 8px; }
#detail .facts { color: var(--dim); font-size: 13px; margin: 0; overflow-wrap: anywhere; }
#detail > .hint { color: var(--dim); }
pre { font: 12.5px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; margin: 6px 0; padding: 9px 11px; background: var(--soft); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 360px; overflow: auto; tab-size: 4; }
pre.error { border-left: 3px solid var(--failed); border-radius: 0 6px 6px 0; }
code { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.enter { border: 1px solid var(--line); border-radius: 7px; padding: 8px 12px; margin-top: 12px; font-size: 13px; }
.enter code { display: block; margin-top: 3px; user-select: all; }
ol.actions { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 7px; overflow: hidden; }
ol.actions li { border-bottom: 1px solid var(--line); padding-left: calc(var(--depth, 0) * 18px); } ol.actions li:last-child { border-bottom: 0; }
.action { display: flex; gap: 9px; align-items: baseline; padding: 5px 11px; }
summary.action { cursor: pointer; } summary.action:hover { background: var(--soft); }
.action .n { color: var(--dim); font-size: 12px; min-width: 22px; text-align: right; font-variant-numeric: tabular-nums; }
.action code { flex: 1; } li.failed .action code { color: var(--failed); } li.unfinished .action code { color: var(--todo); }
li.step > * .action code, li.mark > * code, li.step > .action code, li.mark > .action code { font-family: inherit; font-size: 14px; font-weight: 600; }
summary.action { list-style: none; } summary.action::-webkit-details-marker { display: none; }
summary.action::after { content: '▸'; color: var(--dim); width: 10px; } details[open] > summary.action::after { content: '▾'; } div.action { padding-right: 30px; }
.inner { padding: 0 12px 8px 43px; } .inner b, .part > b { font-size: 12px; color: var(--dim); font-weight: 600; }
img.screen { max-width: 100%; margin: 7px 0; border: 1px solid var(--line); }
details.part { border: 1px solid var(--line); border-radius: 7px; padding: 6px 12px; margin: 7px 0; }
details.part > summary { cursor: pointer; font-size: 14px; list-style-position: inside; }
.attempts { display: flex; gap: 6px; flex-wrap: wrap; margin-top: 12px; }
.attempts button { font: inherit; font-size: 13px; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 7px; padding: 3px 10px; cursor: pointer; }
.attempts button[aria-pressed="true"] { background: var(--mark); border-color: var(--accent); }
#back { display: none; }
@media (max-width: 760px) {
  header { padding: 9px 12px; position: static; } #filters, #search { width: 100%; } #timeline { margin: 10px 12px 0; }
  main { display: block; padding: 10px 12px 30px; }
  #detail { position: static; max-height: none; padding: 13px 14px; }
  body:not(.open) #detail { display: none; } body.open #list, body.open #timeline, body.open #filters { display: none; }
  #back { display: inline-block; margin-bottom: 10px; color: var(--accent); text-decoration: none; }
  .inner { padding-left: 14px; } ol.actions li { padding-left: calc(var(--depth, 0) * 10px); }
}
@media print { #filters { display: none; } #detail { position: static; max-height: none; } }
`;
