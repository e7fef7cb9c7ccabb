import assert from 'node:assert/strict';
import { test } from 'node:test';
import { squareAt } from '../fixture/scripted-screen.fixture.ts';
import { comparePictures } from './compare-pictures.ts';
import { readPng, type ScreenArea } from './picture.ts';

const rules = { masks: [] as ScreenArea[], maxDifferentPixels: 0, threshold: 0.1 };
const picture = async (x: number, y: number, size = {}) => readPng(await squareAt(x, y, size), 'a picture');

test('equal pictures do not differ, and every other pixel counts', async () => {
  assert.equal((await comparePictures(await picture(4, 4), await picture(4, 4), rules)).differentPixels, 0);
  assert.equal((await comparePictures(await picture(5, 4), await picture(4, 4), rules)).differentPixels, 8);
  assert.equal((await comparePictures(await picture(40, 4), await picture(4, 4), rules)).differentPixels, 32);
});

test('what is in a mask is not compared, also where the mask reaches out of the picture', async () => {
  const compared = async (...masks: ScreenArea[]) =>
    (await comparePictures(await picture(60, 28), await picture(4, 4), { ...rules, masks })).differentPixels;
  assert.equal(await compared({ x: 4, y: 4, width: 4, height: 4 }), 16);
  assert.equal(await compared({ x: 4, y: 4, width: 4, height: 4 }, { x: 59.5, y: 27.5, width: 100, height: 100 }), 0);
  assert.equal(await compared({ x: 100, y: 100, width: 4, height: 4 }), 32);
});

test('colours that are nearer than the threshold are equal', async () => {
  const compared = async (threshold: number) =>
    (await comparePictures(await picture(40, 4), await picture(4, 4), { ...rules, threshold })).differentPixels;
  assert.deepEqual([await compared(0), await compared(1)], [32, 0]);
});

test('pictures of other sizes differ in all, and there is no picture of the difference', async () => {
  const { differentPixels, difference } = await comparePictures(
    await picture(4, 4),
    await picture(4, 4, { width: 65 }),
    rules,
  );
  assert.deepEqual([differentPixels, difference], [Number.POSITIVE_INFINITY, undefined]);
});
