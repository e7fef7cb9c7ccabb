import type { ErrorMeaning } from '../error-meaning.ts';

export const expectationCodes = {
  'expectation-failed': {
    when: 'What a test expects of a machine was not so, or not within its time limit.',
    fix: 'Read what was expected, what was found last, and the lines below; give it a longer timeout where the machine is slow.',
  },
  'expectation-unsupported': {
    when: 'A guest has none of the programs by which an expectation could be checked.',
    fix: 'Install one of those that the error names in the guest, or check it with a command of your own.',
  },
  'expectation-unanswered': {
    when: 'A question of an expectation to its guest ended without an answer.',
    fix: 'Read what the guest said in the detail.',
  },
  'picture-missing': {
    when: 'A test compares a screen with a picture that is not there, in CI or in the negative.',
    fix: 'Run the test once where CI is not set, and keep the file that it writes with the test.',
  },
  'picture-invalid': {
    when: 'A picture that a test compares with is no PNG that can be read.',
    fix: 'Remove the file; the next run writes it again.',
  },
  'ocr-missing': {
    when: 'A test looks for a text on a screen, and the host has no program that reads it.',
    fix: 'Install tesseract: "apt-get install tesseract-ocr" on Debian and Ubuntu.',
  },
  'ocr-failed': {
    when: 'The program that reads the text on a screen ended with an error.',
    fix: 'Read what it said in the detail.',
  },
  'baseline-missing': {
    when: 'There is no baseline to compare a machine with, or its guest does not have it.',
    fix: "Take one with the machine's baseline() before the changes, and after a restore of the machine take it again.",
  },
} satisfies Record<string, ErrorMeaning>;
