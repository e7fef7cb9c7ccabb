import type { ErrorMeaning } from '../error-meaning.ts';

export const protocolCodes = {
  'qmp-closed': { when: 'The QMP connection ended.', fix: 'Look whether QEMU has exited, and at its log.' },
  'qmp-command-failed': {
    when: 'QEMU refused a command; data has its class and description.',
    fix: "Read QEMU's description.",
  },
  'qmp-garbage': {
    when: 'The peer sent something that is not QMP.',
    fix: 'Connect to a QMP monitor, not a human monitor or console.',
  },
  'qmp-job-failed': { when: 'A job of QEMU failed.', fix: 'Read the reason in the message.' },
  'qmp-job-id-missing': {
    when: 'A command that is followed as a job has no job-id.',
    fix: 'Add a job-id that no other job has.',
  },
  'qmp-no-greeting': {
    when: 'The monitor sent no greeting in time.',
    fix: 'Close the other client of this monitor, or use another monitor.',
  },
  'qmp-oob-unavailable': { when: 'Out-of-band execution was not negotiated.', fix: 'Connect with { oob: true }.' },
  'qmp-silent': {
    when: 'The monitor has stopped answering.',
    fix: 'Look whether QEMU is stopped or waits for a disk.',
  },
  'qga-closed': { when: 'The connection to the guest agent ended.', fix: 'Look whether the machine is still running.' },
  'qga-command-failed': {
    when: 'The guest agent refused a command; data has its class and description.',
    fix: "Read the agent's description.",
  },
  'qga-not-responding': {
    when: 'No guest agent answered in time.',
    fix: 'Install and start qemu-guest-agent in the guest.',
  },
  'qga-chunk-invalid': { when: 'chunkBytes is out of range.', fix: 'Leave it out for the default of 256 KiB.' },
  'qga-env-invalid': {
    when: "A variable's name or value cannot be passed to a program.",
    fix: 'Use a name without "=" and texts without NUL.',
  },
  'qga-environment-unknown': {
    when: 'The environment of the guest agent cannot be found out.',
    fix: 'Set variables in the program itself.',
  },
  'qga-exec-no-folder': {
    when: 'The guest has no temporary folder for the output of a program.',
    fix: 'Look at its disk, or use exec.',
  },
  'qga-exec-timeout': {
    when: 'A program still runs in the guest after its time-out.',
    fix: 'Raise timeoutMs, or end it in the guest.',
  },
  'qga-freeze-expired': {
    when: 'The guest thawed before the work on its frozen file systems was done.',
    fix: 'Do less while frozen, or raise maxMs.',
  },
  'qga-result-lost': {
    when: 'The guest agent no longer knows the result of a program.',
    fix: 'Look at what it did before running it again.',
  },
  'qga-thaw-failed': {
    when: "The guest's file systems may still be frozen.",
    fix: 'Run guest-fsfreeze-thaw again, or reset the machine.',
  },
  'qga-write-stalled': {
    when: 'The guest agent stopped writing to a file.',
    fix: "Look at the room on the guest's disk.",
  },
  'descriptor-invalid': {
    when: 'A number is not an open socket or pipe of this process.',
    fix: 'Give the number of a connected socket.',
  },
  'fd-passing-failed': { when: 'A file descriptor could not be sent.', fix: 'Check that it is open.' },
  'fd-passing-unavailable': {
    when: 'Descriptors cannot be passed over this connection.',
    fix: 'Connect with { path, passDescriptors: true }.',
  },
  'qapi-introspection-unknown': {
    when: 'query-qmp-schema has an entity that is not known.',
    fix: 'Generate from the QEMU source tree.',
  },
  'qapi-syntax': { when: 'A QAPI schema cannot be parsed.', fix: 'Use the schema of QEMU 6.1 or newer.' },
  'qapi-tree-invalid': {
    when: 'A folder is not a QEMU source tree.',
    fix: 'Give the folder with qapi/ and qga/ in it.',
  },
  'replay-mismatch': { when: 'A session differs from its recording.', fix: 'Record it again.' },
} satisfies Record<string, ErrorMeaning>;
