/**
 * The program of a report's page. It makes elements, and sets their texts: nothing of what tests print becomes markup.
 * A list of a thousand tests is made at once; what a test did, when it is opened.
 */
export const pageScript = String.raw`'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = new Map(data.tests.map((test) => [test.id, test]));
  const words = { failed: 'failed', passed: 'passed', flaky: 'flaky', skipped: 'skipped', todo: 'todo' };
  const at = (id) => document.getElementById(id);
  const shown = { statuses: new Set(), text: '' };
  let current;

  function make(name, options, ...children) {
    const { className, text, attributes, on } = options || {};
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    for (const [key, value] of Object.entries(on || {})) element.addEventListener(key, value);
    element.append(...children.filter((child) => child !== undefined && child !== null));
    return element;
  }

  function duration(ms) {
    if (ms === undefined) return '';
    if (ms < 1000) return Math.round(ms) + ' ms';
    if (ms < 60000) return (ms / 1000).toFixed(ms < 10000 ? 1 : 0) + ' s';
    return Math.floor(ms / 60000) + ' min ' + Math.round((ms % 60000) / 1000) + ' s';
  }

  function isFlaky(test) {
    return test.status === 'passed' && test.attempts.some((attempt) => attempt.result === 'failed');
  }

  function has(test, status) {
    return status === 'flaky' ? isFlaky(test) : test.status === status;
  }

  function matches(test) {
    if (shown.statuses.size > 0 && ![...shown.statuses].some((status) => has(test, status))) return false;
    return shown.text === '' || test.id.toLowerCase().includes(shown.text);
  }

  function link(test) {
    return '#test=' + encodeURIComponent(test.id);
  }

  function showSummary() {
    const began = new Date(data.startedAt);
    at('summary').textContent = data.tests.length + (data.tests.length === 1 ? ' test, ' : ' tests, ') + duration(data.durationMs) + ', ' + began.toLocaleString();
    const failed = data.tests.filter((test) => test.status === 'failed').length;
    document.title = (failed > 0 ? '✗ ' + failed + ' failed' : '✓ passed') + ' – test report';
    for (const status of Object.keys(words)) {
      const count = data.tests.filter((test) => has(test, status)).length;
      if (count === 0) continue;
      const button = make('button', { attributes: { type: 'button', 'aria-pressed': 'false', 'data-status': status } },
        make('span', { className: 'dot ' + (status === 'flaky' ? 'todo' : status) }), ' ' + count + ' ' + words[status]);
      button.addEventListener('click', () => {
        const pressed = !shown.statuses.delete(status);
        if (pressed) shown.statuses.add(status);
        button.setAttribute('aria-pressed', String(pressed));
        filter();
      });
      at('statuses').append(button);
    }
    at('search').addEventListener('input', (event) => {
      shown.text = event.target.value.trim().toLowerCase();
      filter();
    });
  }

  const rows = new Map();
  const bars = [];

  function makeList() {
    const files = new Map();
    for (const test of data.tests) {
      const own = files.get(test.file) || [];
      own.push(test);
      files.set(test.file, own);
    }
    for (const [file, tests] of files) {
      const heading = make('h2', { text: file });
      const elements = tests.map((test) => {
        const around = test.path.slice(0, -1).join(' › ');
        const row = make('a', { className: test.status, attributes: { href: link(test) } },
          make('span', { className: 'dot' + (isFlaky(test) ? ' todo' : ''), attributes: { role: 'img', 'aria-label': test.status } }),
          make('span', { className: 'name' }, around ? make('span', { className: 'around', text: around + ' › ' }) : undefined, test.path[test.path.length - 1] || ''),
          make('time', { text: test.status === 'skipped' ? 'skipped' : duration(test.durationMs) }));
        rows.set(test.id, row);
        return row;
      });
      groups.push({ heading, tests });
      at('list').append(heading, ...elements);
    }
    at('list').append(none);
  }

  const groups = [];
  const none = make('p', { text: 'No test matches.' });

  function filter() {
    let count = 0;
    for (const { heading, tests } of groups) {
      let here = 0;
      for (const test of tests) {
        const isIn = matches(test);
        rows.get(test.id).hidden = !isIn;
        rows.get(test.id).style.display = isIn ? '' : 'none';
        if (isIn) here++;
      }
      heading.style.display = here > 0 ? '' : 'none';
      count += here;
    }
    none.style.display = count > 0 ? 'none' : '';
    for (const { bar, test } of bars) bar.classList.toggle('out', !matches(test));
  }

  function makeTimeline() {
    const runs = data.tests.flatMap((test) => test.attempts.map((attempt) => ({ test, attempt })));
    if (runs.length === 0) return;
    const start = Math.min(...[data.startedAt], runs.reduce((least, { attempt }) => Math.min(least, attempt.startedAt), Infinity));
    const end = runs.reduce((most, { attempt }) => Math.max(most, attempt.startedAt + attempt.durationMs), start + 1);
    const lanes = [];
    const laneOf = new Map();
    const byWorker = new Map();
    for (const run of runs) {
      const own = byWorker.get(run.attempt.worker) || [];
      own.push(run);
      byWorker.set(run.attempt.worker, own);
    }
    const spans = [...byWorker].map(([worker, own]) => ({
      worker,
      from: Math.min(...own.map(({ attempt }) => attempt.startedAt)),
      to: Math.max(...own.map(({ attempt }) => attempt.startedAt + attempt.durationMs)),
    })).sort((a, b) => a.from - b.from);
    const free = [];
    for (const { worker, from, to } of spans) {
      let lane = free.findIndex((until) => until <= from);
      if (lane < 0) lane = free.length;
      free[lane] = to;
      laneOf.set(worker, lane);
    }
    const box = make('div', { className: 'lanes' });
    for (let lane = 0; lane < free.length; lane++) {
      lanes[lane] = make('div', { className: 'lane', attributes: { title: 'worker ' + (lane + 1) } });
      box.append(lanes[lane]);
    }
    for (const { test, attempt } of runs) {
      const name = test.path.join(' › ');
      const bar = make('a', { className: attempt.result === 'failed' ? (test.status === 'failed' ? 'failed' : 'todo') : 'passed',
        attributes: { href: link(test), title: name + ', ' + duration(attempt.durationMs), 'aria-label': name, tabindex: '-1' } });
      bar.style.left = (100 * (attempt.startedAt - start)) / (end - start) + '%';
      bar.style.width = (100 * attempt.durationMs) / (end - start) + '%';
      lanes[laneOf.get(attempt.worker)].append(bar);
      bars.push({ bar, test });
    }
    const scale = make('div', { className: 'scale' });
    for (const part of [0, 0.25, 0.5, 0.75, 1]) scale.append(make('span', { text: part === 0 ? '0' : duration(part * (end - start)) }));
    at('timeline').append(box, scale);
  }

  function showTest(test, number) {
    const detail = at('detail');
    detail.textContent = '';
    detail.append(make('a', { text: '‹ all tests', attributes: { id: 'back', href: '#' } }));
    const attempt = test.attempts[number === undefined ? test.attempts.length - 1 : number];
    detail.append(
      make('h2', { className: test.status }, make('span', { className: 'dot' }), make('span', { text: test.path.join(' › ') })),
      make('p', { className: 'facts', text: [test.file + (test.line === undefined ? '' : ':' + test.line), test.status + (isFlaky(test) ? ' (flaky)' : ''), duration(test.durationMs)].filter(Boolean).join('  ·  ') }));
    if (attempt && attempt.lab) detail.append(make('p', { className: 'facts', text: labText(attempt) }));
    if (test.attempts.length > 1) {
      const buttons = test.attempts.map((one, index) => make('button', {
        text: 'attempt ' + one.attempt + ': ' + one.result,
        attributes: { type: 'button', 'aria-pressed': String(one === attempt) },
        on: { click: () => showTest(test, index) },
      }));
      detail.append(make('div', { className: 'attempts' }, ...buttons));
    }
    const error = (attempt && attempt.error) || test.error;
    if (error) detail.append(...errorElements(error));
    if (attempt) detail.append(...attemptElements(attempt));
    const notes = test.notes.filter((note) => !note.startsWith('trace: '));
    if (notes.length > 0) detail.append(make('h3', { text: 'Notes' }), make('pre', { text: notes.join('\n') }));
    if (!attempt && !error && notes.length === 0) detail.append(make('p', { className: 'hint', text: 'Nothing more was recorded of this test.' }));
  }

  function labText({ lab, preparedMs }) {
    const how = { fork: 'a fork', restore: 'restored', none: 'as it was' }[lab.isolation];
    return 'lab ' + lab.name + ', ' + how + (lab.at === undefined ? '' : ' from ' + lab.at) + (preparedMs === undefined ? '' : ', ready after ' + duration(preparedMs));
  }

  function errorElements(error) {
    const place = error.place ? error.place.file + ':' + error.place.line + ':' + error.place.column : undefined;
    return [
      make('h3', { text: 'Error' }),
      make('pre', { className: 'error', text: [error.message, error.detail, error.hint && 'hint: ' + error.hint, place && 'at ' + place].filter(Boolean).join('\n\n') }),
      error.stack ? part('Stack', error.stack) : undefined,
    ].filter(Boolean);
  }

  function part(title, text, open) {
    const details = make('details', { className: 'part' }, make('summary', { text: title }));
    if (open) details.open = true;
    const fill = () => details.childElementCount === 1 && details.append(make('pre', { text }));
    if (open) fill();
    details.addEventListener('toggle', fill);
    return details;
  }

  function attemptElements(attempt) {
    const elements = [];
    const { evidence, trace } = attempt;
    if (trace !== undefined) {
      const place = evidence && evidence.place;
      const kept = place && place.checkpoint !== undefined;
      elements.push(make('div', { className: 'enter' },
        kept ? 'The machines are kept as they were. Enter them with:' : 'The machines were not kept' + (place ? ': ' + place.missing : '') + '. Read the trace with:',
        make('code', { text: 'goqemu trace ' + (kept ? 'open ' : 'show ') + trace })));
    }
    elements.push(make('h3', { text: 'Actions' }), actionList(attempt.actions));
    if (attempt.omittedActions) elements.push(make('p', { className: 'facts', text: attempt.omittedActions + ' actions in between were not kept' }));
    for (const machine of (evidence && evidence.machines) || []) elements.push(...machineElements(machine));
    if (evidence && evidence.events.length > 0)
      elements.push(make('h3', { text: 'Lab' }), part(evidence.events.length + ' events', evidence.events.map((event) => JSON.stringify(event)).join('\n')));
    return elements;
  }

  function actionList(actions) {
    if (actions.length === 0) return make('p', { className: 'facts', text: 'none' });
    const depths = new Map();
    const list = make('ol', { className: 'actions' });
    for (const action of actions) {
      const depth = action.step === undefined ? 0 : (depths.get(action.step) || 0) + 1;
      depths.set(action.n, depth);
      list.append(actionElement(action, depth));
    }
    return list;
  }

  function actionElement(action, depth) {
    const took = action.durationMs === undefined ? 'did not end' : duration(action.durationMs);
    const exit = action.exitCode === undefined || action.exitCode === 0 ? '' : 'exit ' + (action.exitCode === null ? 'by signal' : action.exitCode) + ', ';
    const line = [
      make('span', { className: 'n', text: String(action.n) }),
      make('span', { className: 'dot ' + (action.result === 'unfinished' ? 'todo' : action.result), attributes: { role: 'img', 'aria-label': action.result } }),
      make('code', { text: action.title }),
      make('span', { className: 'took', text: exit + took, attributes: { title: 'began after ' + duration(action.atMs) } }),
    ];
    const texts = [['error', action.error && [action.error.message, action.error.detail].filter(Boolean).join('\n')], ['stdout', action.stdout], ['stderr', action.stderr]].filter(([, text]) => text);
    const item = make('li', { className: action.result + ' ' + action.kind });
    item.style.setProperty('--depth', depth);
    if (texts.length === 0) {
      item.append(make('div', { className: 'action' }, ...line));
      return item;
    }
    const details = make('details', {}, make('summary', { className: 'action' }, ...line));
    const fill = () => details.childElementCount === 1 && details.append(make('div', { className: 'inner' },
      ...texts.flatMap(([title, text]) => [make('b', { text: title }), make('pre', { text, className: title === 'error' ? 'error' : '' })])));
    details.addEventListener('toggle', fill);
    if (action.result === 'failed' && action.kind !== 'step') { details.open = true; fill(); }
    item.append(details);
    return item;
  }

  function machineElements({ name, status, console: serial, screen, journal, changes, missing }) {
    const more = changes && changes.more > 0 ? '\n… and ' + changes.more + ' more' : '';
    return [
      make('h3', { text: 'Machine ' + name + ', ' + status }),
      changes ? part('Changed on its disks: ' + (changes.lines.length + changes.more), (changes.lines.join('\n') || 'nothing') + more) : undefined,
      journal ? part('Journal since the test began', journal) : undefined,
      serial ? part('Serial console', serial) : undefined,
      screen ? make('img', { className: 'screen', attributes: { src: 'data:image/png;base64,' + screen, alt: 'Screen of ' + name } }) : undefined,
      missing.length > 0 ? make('p', { className: 'facts', text: 'not there: ' + missing.join('; ') }) : undefined,
    ].filter(Boolean);
  }

  function follow() {
    const match = /^#test=(.*)$/s.exec(location.hash);
    let test;
    try {
      test = match ? byId.get(decodeURIComponent(match[1])) : undefined;
    } catch {
      test = undefined; // no link of ours
    }
    if (current) rows.get(current.id).classList.remove('current');
    current = test;
    document.body.classList.toggle('open', Boolean(test || match));
    for (const { bar, test: of } of bars) bar.classList.toggle('current', of === test);
    const detail = at('detail');
    if (!test) {
      detail.textContent = '';
      if (match) detail.append(make('a', { text: '‹ all tests', attributes: { id: 'back', href: '#' } }));
      detail.append(make('p', { className: 'hint', text: match ? 'There is no such test in this report.' : 'Choose a test.' }));
      return;
    }
    rows.get(test.id).classList.add('current');
    rows.get(test.id).scrollIntoView({ block: 'nearest' });
    showTest(test);
    detail.scrollTop = 0;
    if (matchMedia('(max-width: 760px)').matches) scrollTo(0, 0);
  }

  showSummary();
  makeList();
  makeTimeline();
  filter();
  addEventListener('hashchange', follow);
  const first = data.tests.find((test) => test.status === 'failed');
  if (!location.hash && first && !matchMedia('(max-width: 760px)').matches) history.replaceState(null, '', link(first));
  follow();
})();
`;
