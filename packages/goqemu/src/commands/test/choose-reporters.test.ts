import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { chooseReporters } from './choose-reporters.ts';

const none = { node: undefined, junit: [], json: [], html: [], github: false };
const workingFolder = resolve('/shop');
const choose = (given: readonly string[], env = {}) => chooseReporters(given, { workingFolder, env });

test('the result is printed by spec, unless another reporter is', () => {
  assert.deepEqual(choose([]).node, 'spec');
  assert.deepEqual(choose(['tap']).node, 'tap');
  assert.deepEqual(choose(['json']), { ...none, json: ['stdout'] });
});

test('several reporters write files beside it', () => {
  assert.deepEqual(choose(['html', 'junit=a=b.xml', 'json=/out.json', 'github']), {
    node: 'spec',
    junit: [join(workingFolder, 'a=b.xml')],
    json: [resolve('/out.json')],
    html: [join(workingFolder, 'test-results', 'report.html')],
    github: true,
  });
  assert.equal(choose([], { GITHUB_ACTIONS: 'true' }).github, true);
});

test('what is none, or two on standard output, is a mistake', () => {
  for (const given of [['pdf'], ['html='], ['github=x'], ['toString'], ['tap', 'spec'], ['tap=x'], ['junit', 'json']])
    assert.throws(() => choose(given), { code: 'usage' }, given.join());
});
