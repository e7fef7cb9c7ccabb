import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Display } from '@goqemu/machine';
import { MachineScreen } from './machine-screen.ts';

/** A screen whose display notes each call, and answers nothing when it is `mute`. */
function noted({ mute = false } = {}) {
  const calls: unknown[] = [];
  const note =
    (name: string) =>
    async (...args: readonly unknown[]): Promise<void> => {
      calls.push([name, ...args.map(withoutSignal)]);
      if (mute) await new Promise(() => undefined);
    };
  const display = {
    size: async () => ({ width: 720, height: 400 }),
    screenshot: async () => Buffer.from('picture'),
    pressKeys: note('pressKeys'),
    typeText: note('typeText'),
    movePointer: note('movePointer'),
    click: note('click'),
  };
  const screen = new MachineScreen({ use: (_what, work) => work(display as unknown as Display) });
  return { screen, calls };
}

function withoutSignal(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('signal' in value)) return value;
  const { signal: _signal, ...others } = value;
  return others;
}

test('places are pixels; QEMU gets the middle of the pixel, as a part of the whole', async () => {
  const { screen, calls } = noted();
  await screen.move(0, 399);
  await screen.click(719, 0, { button: 'right' });
  await screen.click();
  await screen.click({ button: 'middle' });
  assert.deepEqual(calls, [
    ['movePointer', 0.5 / 720, 399.5 / 400, {}],
    ['movePointer', 719.5 / 720, 0.5 / 400, {}],
    ['click', 'right', {}],
    ['click', undefined, {}],
    ['click', 'middle', {}],
  ]);
});

test('a place outside of the screen is refused, and nothing is clicked', async () => {
  const { screen, calls } = noted();
  await assert.rejects(screen.click(720, 0), {
    code: 'option-invalid',
    message: /720, 0 is outside .* 720 pixels wide/,
  });
  await assert.rejects(screen.move(-1, 0), { code: 'option-invalid', message: /screen\.move: x: / });
  await assert.rejects(screen.move(Number.NaN, 0), { code: 'option-invalid' });
  await assert.rejects(screen.click(1, undefined as never), { code: 'option-invalid', message: /screen\.click: y: / });
  assert.deepEqual(calls, []);
});

test('one key or several are pressed together, and a text is typed, each with its times', async () => {
  const { screen, calls } = noted();
  await screen.press('ret');
  await screen.press(['ctrl', 'alt', 'delete'], { holdMs: 20 });
  await screen.type('root\n', { characterMs: 5 });
  assert.deepEqual(calls, [
    ['pressKeys', ['ret'], {}],
    ['pressKeys', ['ctrl', 'alt', 'delete'], { holdMs: 20 }],
    ['typeText', 'root\n', { characterMs: 5 }],
  ]);
});

test('a call has a time limit and a signal, and options that there are not are refused', async () => {
  const { screen } = noted({ mute: true });
  await assert.rejects(screen.press('ret', { timeout: '20 ms' }), { code: 'timeout', message: /screen\.press/ });
  await assert.rejects(screen.type('x', { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
  await assert.rejects(screen.type('x', { delay: 3 } as never), { code: 'option-invalid', message: /delay/ });
  await assert.rejects(screen.screenshot({ timeout: 0 }), { code: 'option-invalid', message: /timeout/ });
});
