import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, Plan } from '@goqemu/lab';
import { longestPath, renderPlan } from './render-plan.ts';
import { plainStyle, styleFor } from './style.ts';

const web = { kind: 'machine', name: 'web' };

function operation(change: Partial<Operation>): Operation {
  return {
    id: '1',
    action: 'create',
    resource: web,
    reason: 'new',
    diff: [],
    dependsOn: [],
    ...change,
  } as Operation;
}

function plan(operations: readonly Operation[], change: Partial<Plan> = {}): Plan {
  return {
    lab: 'hello',
    stack: 'default',
    purpose: 'apply',
    operations,
    notices: [],
    preflight: [],
    ...change,
  } as unknown as Plan;
}

const rendering = { style: plainStyle, workingFolder: '/work', verbose: false };

test('a plan without changes says that there is nothing to do', () => {
  const reuse = operation({ action: 'reuse', resource: web, step: 'nginx' });
  assert.equal(renderPlan(plan([reuse]), rendering), 'Nothing to do: lab hello is as described.\n');
  assert.equal(
    renderPlan(plan([], { purpose: 'destroy', stack: 'blue' }), rendering),
    'Nothing to do: lab hello (stack blue) has no machine.\n',
  );
});

test('operations are shown with reason, differences and estimate, and summed up', () => {
  const text = renderPlan(
    plan([
      operation({
        action: 'replace',
        reason: 'the disk grows from 10 GB to 20 GB',
        diff: [
          { property: 'disk', before: '10 GB', after: '20 GB' },
          { property: 'user', after: 'debian' },
          { property: 'forward', before: { http: 80 } },
        ],
        estimateMs: 58_000,
      }),
      operation({
        id: '2',
        action: 'run',
        resource: web,
        step: 'nginx',
        reason: 'new step',
        dependsOn: ['1'],
        estimateMs: 12_000,
      }),
      operation({
        id: '3',
        action: 'reuse',
        resource: { kind: 'machine', name: 'db' },
        step: 'base',
        reason: 'cached',
      }),
    ]),
    rendering,
  );
  assert.equal(
    text,
    `  ± replace  web        the disk grows from 10 GB to 20 GB (about 58 s)
      ~ disk: 10 GB → 20 GB
      + user: debian
      - forward: {"http":80}
  ▸ run      web/nginx  new step (about 12 s)

Plan: 1 to replace, 1 to run, about 1 min 10 s
`,
  );
});

test('a changed script is shown as a diff in colours, without file headers, and with every character to be seen', () => {
  const style = styleFor({ isTTY: true } as never, { wanted: 'auto', env: {} });
  const text = '--- before\n+++ after\n@@ -1 +1 @@\n-apt-get install \u001b[2J\u202enginx\n+apt-get install caddy\n';
  const shown = renderPlan(plan([operation({ action: 'run', diff: [{ property: 'script', text }] })]), {
    ...rendering,
    style,
  });
  assert.ok(shown.includes('\u001b[31m-apt-get install \\u{1b}[2J\\u{202e}nginx\u001b[39m'), shown);
  assert.ok(shown.includes('\u001b[32m+apt-get install caddy\u001b[39m'), shown);
  assert.doesNotMatch(shown, /--- before/);
  assert.ok(!shown.includes('\u001b[2J'));
});

test('problems that would stop an apply, and notices, come first', () => {
  const text = renderPlan(
    plan([operation({})], {
      notices: [{ code: 'tcg', message: 'no acceleration', hint: 'see goqemu doctor' }],
      preflight: [{ severity: 'error', code: 'qemu-missing', message: 'QEMU is missing' }],
    }),
    rendering,
  );
  assert.match(text, /^notice: no acceleration; see goqemu doctor\nproblem: QEMU is missing\n\n/);
});

test('the estimate is that of the longest chain, since the others run beside it', () => {
  assert.equal(
    longestPath([
      { id: 'a', dependsOn: [], estimateMs: 10 },
      { id: 'b', dependsOn: ['a'], estimateMs: 5 },
      { id: 'c', dependsOn: [], estimateMs: 12 },
    ]),
    15,
  );
});
