import { sleep } from '@goqemu/core';
import type { AskCall } from '../ask/ask-guest.ts';
import type { Evidence, Question } from '../expect/question.ts';
import { checkOptions, optionInvalid } from '../options/check-options.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbedMachine, ProbeOf } from '../probes/probe.ts';
import { callerFile } from '../record/caller.ts';
import { type Comparison, comparePictures, type PictureRules } from '../screen/compare-pictures.ts';
import {
  checkPictureName,
  ExpectedPicture,
  keepPictures,
  type PicturePolicy,
  picturePolicy,
} from '../screen/expected-picture.ts';
import { type Picture, readPng, type ScreenArea, writePng } from '../screen/picture.ts';
import { screenOf } from '../screen/screen-of.ts';
import type { Check } from './check.ts';

/** When a screen matches a picture. */
export interface ImageRules {
  /** Parts of the screen that are not compared, in pixels from its upper left corner. @default none */
  readonly masks?: readonly ScreenArea[];
  /** So many pixels may differ. @default 0 */
  readonly maxDifferentPixels?: number;
  /** How far apart two colours may be to count as equal, from 0 to 1 (black and white). @default 0.1 */
  readonly threshold?: number;
}

/** What a screen is expected to show. */
export interface ScreenMatchers {
  /**
   * It looks like a picture that is kept beside the test file, in `__screenshots__/TEST-FILE/NAME`. Where there is none it is
   * written, as soon as the screen holds still; where the environment variable `CI` is set that is a failure (`picture-missing`).
   * `goqemu test --update-images` writes those again that do not match.
   *
   * A failure leaves the screen, the picture and their difference in `test-results`.
   *
   * @param name of the PNG file
   * @throws GoqemuError `picture-missing`, `picture-invalid`; `display-absent` for a machine without a display
   * @example
   * await expect(web.screen).toMatchImage('login.png', { masks: [{ x: 0, y: 384, width: 720, height: 16 }] });
   */
  toMatchImage(name: string, rules?: ImageRules, options?: WaitOptions): Promise<void>;
}

export type ScreenProbe = ProbeOf<'screen', undefined>;

export function screenMatchers(probe: ScreenProbe, check: Check): ScreenMatchers {
  return {
    toMatchImage: (name, rules, options) =>
      check('toMatchImage', rules === undefined ? [name] : [name, rules], options, (what, { at, negated }) =>
        pictureQuestion(probe, {
          rules: readRules(what, rules),
          policy: negated ? keepPictures : picturePolicy(process.env),
          expected: new ExpectedPicture(checkPictureName(what, name), probe.machine.test?.file ?? callerFile(at)),
        }),
      ),
  };
}

/** A look at the screen. */
interface Seen extends Partial<Comparison> {
  readonly actual: Picture;
  /** Undefined where there is none. */
  readonly picture: Picture | undefined;
  /** Whether it is as it should be, or has been written down as such. */
  readonly matches: boolean;
}

interface Asked {
  readonly rules: PictureRules;
  readonly policy: PicturePolicy;
  readonly expected: ExpectedPicture;
}

/**
 * QEMU draws the cursor of a text console at every other look, of those that are 229 ms apart or more (hw/display/vga.c, 7.2):
 * a screen is judged by two looks.
 */
const cursorMs = 240;

function pictureQuestion(probe: ScreenProbe, asked: Asked): Question<Seen> {
  const { expected } = asked;
  const before: Picture[] = [];
  return {
    expected: `the picture ${expected.name}`,
    async ask(call): Promise<Seen> {
      const seen = await look(probe, asked, before, call);
      if (seen.matches) return seen;
      await sleep(cursorMs, call.signal);
      return await look(probe, asked, before, call);
    },
    holds: ({ matches }) => matches,
    got: differenceWords,
    gotValue: ({ differentPixels }) => differentPixels,
    evidence: async (seen) => seen && keptPictures(probe.machine, expected, seen),
  };
}

/** @param before the last two looks, of which one has the cursor */
async function look(
  { machine }: ScreenProbe,
  { rules, policy, expected }: Asked,
  before: Picture[],
  { timeoutMs, signal }: AskCall,
): Promise<Seen> {
  const options = { timeout: Math.ceil(timeoutMs), ...(signal ? { signal } : {}) };
  const actual = await readPng(await screenOf(machine).screenshot(options), 'the picture of the screen');
  const picture = await expected.read();
  if (picture) {
    const compared = await comparePictures(actual, picture, rules);
    const matches = compared.differentPixels <= rules.maxDifferentPixels;
    if (matches || !policy.update) return { actual, picture, ...compared, matches };
  } else if (!policy.writeMissing) throw expected.missing();
  const alike = await Promise.all(before.map((one) => comparePictures(actual, one, rules)));
  const holdsStill = alike.some(({ differentPixels }) => differentPixels === 0);
  before.push(actual);
  if (before.length > 2) before.shift();
  if (holdsStill) await expected.write(actual);
  return { actual, picture, matches: holdsStill };
}

function differenceWords({ actual, picture, differentPixels }: Seen): string {
  if (!picture || differentPixels === undefined) return 'a screen that does not hold still';
  if (differentPixels !== Number.POSITIVE_INFINITY)
    return `${differentPixels} of ${picture.width * picture.height} pixels differ`;
  return `a screen of ${actual.width} × ${actual.height} pixels, the picture has ${picture.width} × ${picture.height}`;
}

/** What the failure is about, as files. */
async function keptPictures(machine: ProbedMachine, { name, path }: ExpectedPicture, seen: Seen): Promise<Evidence> {
  const base = name.slice(0, -'.png'.length);
  const keep = async (title: string, picture: Picture | undefined) => {
    if (!picture || !machine.test) return [];
    return [`${title}: ${await machine.test.attach(`${base}-${title}.png`, await writePng(picture))}`];
  };
  const kept = [
    ...(await keep('actual', seen.actual)),
    ...(await keep('expected', seen.picture)),
    ...(await keep('difference', seen.difference)),
  ];
  return { title: 'pictures', text: [`compared with ${path}`, ...kept].join('\n'), from: 'start' };
}

/** @throws GoqemuError `option-invalid` */
function readRules(what: string, given: ImageRules | undefined): PictureRules {
  const {
    masks = [],
    maxDifferentPixels = 0,
    threshold = 0.1,
  } = checkOptions<ImageRules>(what, given, ['masks', 'maxDifferentPixels', 'threshold']);
  if (!Array.isArray(masks) || !masks.every(isArea))
    throw optionInvalid(what, 'masks', 'a list of { x, y, width, height } in pixels', masks);
  if (!Number.isInteger(maxDifferentPixels) || maxDifferentPixels < 0)
    throw optionInvalid(what, 'maxDifferentPixels', 'a whole number from 0', maxDifferentPixels);
  if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1))
    throw optionInvalid(what, 'threshold', 'a number from 0 to 1', threshold);
  return { masks, maxDifferentPixels, threshold };
}

function isArea(value: unknown): value is ScreenArea {
  if (typeof value !== 'object' || value === null) return false;
  const { x, y, width, height } = value as Record<string, unknown>;
  return [x, y, width, height].every((one) => Number.isFinite(one) && (one as number) >= 0);
}
