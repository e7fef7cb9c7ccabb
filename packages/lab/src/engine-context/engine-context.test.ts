import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBackend } from '@goqemu/testing';
import { MemoryStateStorage } from '../state/memory-storage.ts';
import { EngineContext } from './engine-context.ts';

test('however many machines listen for the end of a call, no leak is reported', async (t) => {
  const warnings: Error[] = [];
  const listener = (warning: Error) => warnings.push(warning);
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  const context = new EngineContext(
    {
      backend: new FakeBackend(),
      lab: 'many',
      labFolder: '/nowhere',
      labFile: '/nowhere/lab.ts',
      stateFolder: '/nowhere/state',
      home: '/nowhere/home',
      command: 'test',
      storage: new MemoryStateStorage(),
    },
    [],
  );
  for (const given of [new AbortController().signal, undefined]) {
    const { signal } = context.plainCall('0123456789ab', 'test', given);
    for (let machine = 0; machine < 20; machine++) signal.addEventListener('abort', () => undefined);
  }
  await new Promise((resolve) => setImmediate(resolve)); // Node.js warns in a later turn
  assert.deepEqual(warnings, []);
});
