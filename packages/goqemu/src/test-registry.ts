/** What test files get for `node:test` while they are looked through: tests are noted, and do not run. */
import * as nodeTest from 'node:test';
import { test } from './tests/noted-tests.ts';

export {
  after,
  afterEach,
  before,
  beforeEach,
  describe,
  describe as suite,
  test,
  test as default,
  test as it,
} from './tests/noted-tests.ts';
export const { only, skip, todo } = test;
/** What registers nothing is the real one, of this Node.js. */
export const { assert, getTestContext, mock, run, snapshot } = nodeTest as Readonly<Record<string, unknown>>;
