import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import { findLostAgent } from './find-lost-agent.ts';

/** A guest whose agent answers when it is asked that often; its port is open or not. */
function guest({ answersAt, isOpen }: { readonly answersAt: number; readonly isOpen: boolean }) {
  const asked: number[] = [];
  const machine = {
    agent: async ({ timeoutMs }: { readonly timeoutMs: number }) => {
      asked.push(timeoutMs);
      if (asked.length < answersAt)
        throw new GoqemuError({ code: 'qga-not-responding', source: 'environment', message: 'silent' });
      return { ping: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
    },
    isAgentPortTaken: async () => isOpen,
  } as unknown as Machine;
  let state = { agent: true };
  const vm = {
    spec: { name: 'web' },
    state: async () => state,
    update: async (change: { readonly agent: boolean }) => {
      state = { ...state, ...change };
    },
  } as unknown as Vm;
  const find = () => findLostAgent(vm, machine, async (silence) => silence, {});
  return { asked, find, hasAgent: () => state.agent };
}

test('an agent that is slow and has its port open is given more time', async () => {
  const slow = guest({ answersAt: 2, isOpen: true });
  assert.equal(await slow.find(), true);
  assert.equal(slow.hasAgent(), true);
  const [first = 0, second = 0] = slow.asked;
  assert.ok(second > first);
});

test('one that has ended is not waited for again, and put down as absent', async () => {
  const gone = guest({ answersAt: 9, isOpen: false });
  assert.equal(await gone.find(), false);
  assert.equal(gone.hasAgent(), false);
  assert.equal(gone.asked.length, 1);
});
