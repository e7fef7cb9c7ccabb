import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignFacts } from './foreign-machines.ts';

test('machines of another folder are one fact for each folder', () => {
  const about = { home: '/other', lab: 'web', lineage: '0123456789ab' };
  const facts = foreignFacts([
    { ...about, pid: 7, name: 'db' },
    { ...about, pid: 8, name: 'web' },
  ]);
  assert.deepEqual(
    facts.map(({ finding }) => finding),
    ['with GOQEMU_HOME=/other run: web/db (pid 7), web/web (pid 8)'],
  );
});
