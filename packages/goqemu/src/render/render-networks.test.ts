import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveNetworkReport } from '@goqemu/lab';
import { renderNetwork } from './render-networks.ts';
import { plainStyle } from './style.ts';

test('what machines were refused outside is shown under their network, the newest ten', () => {
  const refused = Array.from({ length: 12 }, (_, number) => ({
    ...{ machine: 'web', what: `n${number}.example.org`, why: 'not in the list', times: number + 1 },
    at: '2026-01-01T00:00:00.000Z',
  }));
  const network: LiveNetworkReport = {
    ...{ name: 'lan', cidr: '10.40.0.0/24', state: 'running', faults: {}, manual: false, cards: [], refused },
  };
  const lines = renderNetwork(network, plainStyle).trimEnd().split('\n');
  assert.equal(lines.at(-11), '  refused  web asked for n0.example.org: not in the list');
  assert.equal(lines.at(-2), '  refused  web asked for n9.example.org: not in the list (10 times)');
  assert.equal(lines.at(-1), '  and 2 more: --json has them');
});
