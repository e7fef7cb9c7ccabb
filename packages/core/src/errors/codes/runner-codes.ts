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
  'watch-failed': {
    when: 'The files of a project cannot be watched for changes.',
    fix: 'Run the tests without --watch; on Linux a higher fs.inotify.max_user_watches may help.',
  },
  'bisect-candidates': {
    when: 'What "goqemu bisect" is to search in cannot be had, or does not lead from the good end to the bad one.',
    fix: 'Correct what the error names: the ends, the list, the repository, or the package.',
  },
  'bisect-ends': {
    when: 'The end that was said to be good is bad, or the bad one good, or one of them could not be tried.',
    fix: 'Give an end further away, or correct the command: 0 says good, 125 that it cannot be tested, and anything else bad.',
  },
  'trace-invalid': {
    when: 'A file is no trace of a test, or was not written to its end.',
    fix: 'Name a trace that "goqemu trace list" shows.',
  },
  'trace-newer': {
    when: 'A trace was written by a newer goqemu.',
    fix: 'Update goqemu.',
  },
  'trace-gone': {
    when: 'A trace was opened where the lab, or the machines that it kept, are not: they were removed, or it is another host.',
    fix: 'Open it where it was made, or read it with "goqemu trace show".',
  },
  'trace-unknown': {
    when: 'There is no such trace.',
    fix: 'Name one that "goqemu trace list" shows, or the path of its file.',
  },
} satisfies Record<string, ErrorMeaning>;
