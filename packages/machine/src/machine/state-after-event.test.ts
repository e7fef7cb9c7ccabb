import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyQmpEvent } from '@goqemu/protocol';
import type { MachineState } from './machine-state.ts';
import { stateAfterEvent } from './state-after-event.ts';

/** The states that a running machine goes through with these events; `EVENT:ACTION` gives an event its action. */
function statesAfter(...events: string[]): MachineState[] {
  let state: MachineState = 'running';
  return events.map((text) => {
    const [event = '', action] = text.split(':');
    state = stateAfterEvent(state, { event, data: { action } } as unknown as AnyQmpEvent);
    return state;
  });
}

test('a machine that survives its power-off, panic, disk error or watchdog runs again after a reset', () => {
  for (const [cause, state] of [
    ['SHUTDOWN', 'shutdown'],
    ['GUEST_PANICKED:pause', 'crashed'],
    ['BLOCK_IO_ERROR:stop', 'crashed'],
    ['WATCHDOG:pause', 'crashed'],
  ] as const)
    assert.deepEqual(statesAfter(cause, 'STOP', 'RESET', 'RESUME'), [state, state, 'prelaunch', 'running'], cause);
});

test('a panic, a disk error and a watchdog that let the guest continue leave it running', () => {
  const events = ['GUEST_PANICKED:run', 'BLOCK_IO_ERROR:report', 'WATCHDOG:none', 'RESET', 'NIC_RX_FILTER_CHANGED'];
  assert.deepEqual(new Set(statesAfter(...events)), new Set(['running']));
});

test('a guest that sleeps wakes up, and is in no state of its own after a reset', () => {
  assert.deepEqual(statesAfter('SUSPEND', 'WAKEUP', 'STOP', 'RESUME'), ['suspended', 'running', 'paused', 'running']);
  assert.deepEqual(statesAfter('SUSPEND', 'RESET'), ['suspended', 'prelaunch']);
});
