import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { onOwnMounts } from './own-mounts.ts';

const worker = fileURLToPath(new URL('checkpoint-faults.ts', import.meta.url));
const works = process.env.GOQEMU_SOAK ? ['kill', 'stop', 'full', 'read-only', 'eio', 'device'] : ['few'];

for (const work of works)
  test(`a host that fails on the way costs what was asked for, and neither machine nor checkpoint: ${work}`, async (t) => {
    const said = await onOwnMounts({ home: '700m', memory: '512m' }, worker, work);
    assert.match(said, /all is well/);
    t.diagnostic(said);
  });
