import type { ErrorMeaning } from '../error-meaning.ts';

export const runnerCodes = {
  'test-timeout': {
    when: 'A test did not end within its time-out.',
    fix: 'Find what it waits for, or give it more time: the option `timeout` of the test, or "goqemu test --timeout".',
  },
  'test-ended': {
    when: 'A test used a machine, a network or the lab when it was over already.',
    fix: 'Await everything that the test starts.',
  },
  'test-file-failed': {
    when: 'A test file could not be read: its syntax, its imports, or an error that it threw outside of a test.',
    fix: 'Correct it at the place that is shown.',
  },
} satisfies Record<string, ErrorMeaning>;
