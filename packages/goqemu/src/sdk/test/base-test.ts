import { resolve } from 'node:path';
import type { LabDefinition } from '@goqemu/lab';
import { baseTest, type LabTest, readRunSettings, testOn } from '@goqemu/test';
import { noteLab } from './collected-labs.ts';
import type { BaseTest, LabTestOptions } from './lab-fixtures.ts';
import { importedLab, labSource } from './lab-source.ts';

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
    const source = labSource(name, lab, options);
    noteLab(lab, options);
    return testOn(source, settings);
  },
}) as BaseTest;
