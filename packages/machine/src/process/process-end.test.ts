import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProcessIdentity, type ProcessTable, sleep } from '@goqemu/core';
import { untilEnded } from './process-end.ts';

const then: ProcessIdentity = { pid: process.pid, startTime: 'then', bootId: 'b' };

test('while a connection to it is there a process is itself, and the host is not asked which one it is', async () => {
  let asked = 0;
  const processes: ProcessTable = {
    identify: async () => {
      asked += 1;
      return { ...then, startTime: 'later' };
    },
  };
  let hangUp = () => {};
  const closed = new Promise<void>((resolve) => {
    hangUp = resolve;
  });
  const stop = new AbortController();
  const ended = untilEnded(then, processes, stop.signal, closed);
  await sleep(1200);
  assert.equal(asked, 0);
  hangUp();
  await ended; // another process has its pid
  assert.equal(asked, 1);
});
