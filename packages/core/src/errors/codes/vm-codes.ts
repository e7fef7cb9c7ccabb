import type { ErrorMeaning } from '../error-meaning.ts';

export const vmCodes = {
  'vm-unknown': {
    when: 'There is no VM of this name on the host.',
    fix: 'Use a name from the hint, or make one with createVM().',
  },
  'vm-differs': {
    when: 'A VM of this name exists with another configuration.',
    fix: 'Attach to it, delete it, or choose another name.',
  },
  'vm-in-use': { when: 'Another object or process drives the VM.', fix: 'Use that object, or have it call detach().' },
  'vm-not-made': { when: 'The VM has not been made yet.', fix: 'Await start() first.' },
  'vm-not-running': { when: 'The operation needs a running VM.', fix: 'Await start() first.' },
  'vm-already-running': { when: 'start() was called on a running VM.', fix: 'Use it as it is, or await stop() first.' },
  'vm-stopped': { when: 'The VM is not running.', fix: 'Start it, or apply the lab.' },
  'vm-released': {
    when: 'The object was disposed of, detached or deleted.',
    fix: 'Get a new one with attachVM() or createVM().',
  },
  'vm-missing': { when: 'The record of a machine is not readable.', fix: 'Apply the lab: it makes the machine again.' },
  'vm-record-invalid': {
    when: 'The record of a VM is damaged.',
    fix: 'Restore the file or its copy, or remove both with the folder beside them.',
  },
  'suspend-refused': {
    when: 'The RAM of a machine cannot be kept, so that it cannot be suspended; it runs on.',
    fix: 'Shut it down with "goqemu stop", or stop().',
  },
  'ram-lost': {
    when: 'The RAM of a suspended machine is lost or no longer fits; the machine stays as it is.',
    fix: 'Boot from its disk with "goqemu start", or start().',
  },
  'snapshot-unknown': { when: 'The VM has no such snapshot; nothing was changed.', fix: 'Use one from the hint.' },
  'snapshot-of-another-vm': {
    when: 'The snapshot belongs to another VM or a lab; nothing was changed.',
    fix: 'Use it on the VM that the error names.',
  },
  'no-ram-file-system': {
    when: "snapshots: 'memory' needs a RAM file system, and the host has none.",
    fix: "Use snapshots: 'disk'.",
  },
  'no-memory-store': { when: 'The host has no file system in memory for a checkpoint.', fix: 'Keep it on disk.' },
  'no-memory': {
    when: 'There is no room in memory for a machine; nothing was started or stopped.',
    fix: 'Stop another machine, or give this one less memory.',
  },
  'no-room': {
    when: 'There is no room on the disk for a machine, checkpoint or snapshot.',
    fix: 'Free some room, or delete checkpoints.',
  },
  'disk-too-small': {
    when: "A machine's disk is smaller than its image.",
    fix: 'Write a larger disk, or leave disk out.',
  },
  'address-unknown': {
    when: 'No IPv4 address of the guest was found; the detail has what each source said.',
    fix: 'Look at the network in the guest, or use its SSH endpoint.',
  },
  'fake-machine': {
    when: 'A machine of the fake backend cannot do what was asked.',
    fix: 'Unset GOQEMU_BACKEND to work with QEMU.',
  },
  'fake-refused': {
    when: 'The fake backend was asked for something that a real backend would never be asked.',
    fix: 'Report it; a test with the fake backend has found a defect.',
  },
} satisfies Record<string, ErrorMeaning>;
