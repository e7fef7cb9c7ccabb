import { resolve } from 'node:path';
import type { LabDefinition } from '@goqemu/lab';
import { baseTest, type LabTest, readRunSettings, testOn } from '@goqemu/test';
import { noteLab } from './collected-labs.ts';
import type { BaseTest, LabTestOptions } from './lab-fixtures.ts';
import { matrixEntries } from './lab-matrix.ts';
import { importedLab, labSource, readLabTestOptions } from './lab-source.ts';

const settings = readRunSettings(process.env, resolve('test-results'));

/**
 * Registers a test with `node:test`; `test.extend` makes one whose tests run on a lab.
 *
 * @example
 * import { test as base } from 'goqemu/test';
 * import lab from './lab.ts';
 *
 * const test = base.extend('lab', lab, { at: 'ready', machines: ['web'] });
 * test('a file stays', async ({ web }) => {
 *   await web.exec('touch /var/tmp/here && sync', { check: true });
 *   await web.restart();
 *   await web.exec('test -e /var/tmp/here', { check: true });
 * });
 */
export const test: BaseTest = Object.assign(baseTest(settings), {
  extend: (name: string, imported: LabDefinition, options: LabTestOptions = {}): LabTest<never> => {
    const lab = importedLab(imported);
    const labs = matrixEntries(readLabTestOptions(options)).map((entry) => {
      const source = labSource(name, lab, entry.options);
      noteLab(lab, entry.options);
      return { suffix: entry.suffix, source };
    });
    return testOn(labs, settings);
  },
}) as BaseTest;
