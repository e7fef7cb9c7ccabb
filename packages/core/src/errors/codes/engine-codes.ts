import type { ErrorMeaning } from '../error-meaning.ts';

export const engineCodes = {
  'apply-failed': {
    when: 'An apply, or another operation on a lab, failed; data.errors has every failure.',
    fix: 'Look at each failure.',
  },
  'plan-invalid': { when: 'A saved plan cannot be read.', fix: 'Save the plan again.' },
  'plan-newer': { when: 'A saved plan was written by a newer goqemu.', fix: 'Update goqemu, or plan again.' },
  'plan-older': { when: 'A saved plan was written by an older goqemu.', fix: 'Save the plan again.' },
  'plan-stale': { when: 'The lab, its state or a secret has changed since the plan was made.', fix: 'Plan again.' },
  protected: {
    when: 'The plan would change a machine with protect: true.',
    fix: 'Set protect: false and apply that first, or exclude the machine.',
  },
  imported: {
    when: 'The plan would replace a machine that was imported.',
    fix: 'Undo the change, or ask for it with --replace.',
  },
  'power-refused': {
    when: 'A machine cannot be stopped, started, suspended or resumed as it is.',
    fix: 'Follow the hint; nothing was changed.',
  },
  'replace-refused': {
    when: '--replace names something that is not made again, such as a network.',
    fix: 'Name machines alone; the hint says what an apply does for the rest.',
  },
  'memory-short': {
    when: 'The machines want more memory than the host can give.',
    fix: 'Give them less memory, or apply some of them with --target.',
  },
  'network-address-taken': {
    when: 'A network of the lab has addresses that this host uses for something else.',
    fix: 'Write another cidr, or leave it out and goqemu chooses a free range.',
  },
  'networks-unsupported': {
    when: 'The lab has networks between its machines, and they cannot be had where the machines run.',
    fix: 'Take the networks out of the lab; forward reaches a machine from the host.',
  },
  'step-failed': {
    when: 'A step of the lab ended with an error.',
    fix: 'Read the end of its output in the detail, correct the step and apply again.',
  },
  'capture-too-large': {
    when: 'A captured value is larger than maxBytes of its step.',
    fix: 'Print less, or raise maxBytes.',
  },
  'state-invalid': {
    when: 'The state file is damaged.',
    fix: 'Follow the hint; keep the damaged file until the machines are found again.',
  },
  'state-newer': { when: 'The state was written by a newer goqemu.', fix: 'Update goqemu.' },
  'state-foreign': { when: 'The journal does not belong to the state.', fix: 'Restore both files from the same copy.' },
  'state-copied': {
    when: 'The lab is a copy whose machines belong to another folder.',
    fix: 'Remove one of the two state folders, as the hint says.',
  },
  'state-elsewhere': {
    when: 'The machines of the lab are in the folder of another GOQEMU_HOME.',
    fix: 'Set GOQEMU_HOME to that folder.',
  },
  'machine-there': {
    when: 'An import names a machine that the lab has already.',
    fix: 'Give the imported machine another name.',
  },
  'import-differs': {
    when: 'The lab says something else of a machine than what runs.',
    fix: 'Write into the lab what the machine has.',
  },
  'import-refused': { when: 'A machine cannot be imported as asked.', fix: 'Follow the hint; nothing was changed.' },
  'import-no-access': {
    when: 'A machine was imported without access to its guest, or access could not be set up.',
    fix: 'Import it with --authorize.',
  },
  'import-no-agent': {
    when: 'An import with --authorize finds no guest agent.',
    fix: 'Import it without --authorize.',
  },
  'imported-no-networks': {
    when: 'An imported machine is in a network of its lab, and its QEMU has no card for it.',
    fix: 'Take networks out of its options, or let goqemu make the machine.',
  },
  'imported-no-layers': {
    when: 'An imported machine has no checkpoints.',
    fix: 'Name the other machines, or let goqemu make it with --replace.',
  },
  'checkpoint-unknown': {
    when: 'There is no such checkpoint.',
    fix: 'Use a checkpoint that "goqemu checkpoint list" shows.',
  },
  'checkpoint-ambiguous': { when: 'More than one checkpoint begins with the text.', fix: 'Write more of it.' },
  'checkpoint-duplicate': {
    when: 'Two checkpoints of a machine have the same name.',
    fix: 'Give each checkpoint of a machine its own name.',
  },
  'checkpoint-damaged': {
    when: 'A checkpoint is no longer in the store, or is damaged.',
    fix: 'Apply again, or delete the checkpoint; nothing was changed.',
  },
  'checkpoint-declared': {
    when: 'A checkpoint that the lab declares cannot be deleted with a command.',
    fix: 'Take it out of the lab and apply.',
  },
  'checkpoint-name-invalid': {
    when: 'The description of a checkpoint is not valid.',
    fix: 'Write 1 to 255 characters without control characters.',
  },
  'checkpoint-state-failed': {
    when: 'The state of a machine could not be saved or loaded.',
    fix: "Boot from the checkpoint's disk, which is complete.",
  },
  'layer-damaged': {
    when: 'The disk of a checkpoint or snapshot is damaged; nothing was changed.',
    fix: 'Plan again: what is missing is built again.',
  },
  'layer-missing': {
    when: 'The disk of a checkpoint or snapshot is gone; nothing was changed.',
    fix: 'Plan again: what is missing is built again.',
  },
  'coalesce-failed': {
    when: 'Two layers could not be joined.',
    fix: 'Read the reason in the detail; the layers are as before.',
  },
  'flatten-failed': {
    when: 'A layer could not be written as one file.',
    fix: 'Read the reason in the detail; the layer is as before.',
  },
  'stack-exists': { when: 'A stack of this name exists already.', fix: 'Choose another name, or destroy the stack.' },
  'not-a-fork': { when: 'The stack was applied and is not a fork.', fix: 'Destroy it with "goqemu destroy --stack".' },
} satisfies Record<string, ErrorMeaning>;
