import type { ErrorMeaning } from '../error-meaning.ts';

export const networkCodes = {
  'switch-config-invalid': {
    when: "A message to a lab's switch is not valid; the error names the place.",
    fix: 'Correct the value that the error names.',
  },
  'switch-port-unknown': {
    when: "A machine, card, network or capture is not on the lab's switch.",
    fix: 'Choose a name from the hint.',
  },
  'switch-failed': {
    when: "The process of the lab's switch did not start or did not answer.",
    fix: 'Read the end of its log in the detail, then apply again.',
  },
  'switch-replaced': {
    when: "Another switch answers at the place of the lab's.",
    fix: 'Run "goqemu refresh", then apply.',
  },
  'capture-failed': {
    when: 'A capture could not be started or written.',
    fix: 'Choose another file, or free some room for it.',
  },
} satisfies Record<string, ErrorMeaning>;
