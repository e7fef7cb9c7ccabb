import type { ErrorMeaning } from '../error-meaning.ts';

export const machineCodes = {
  'qemu-missing': { when: 'QEMU is not installed.', fix: 'Install it with the command in the hint, or give its path.' },
  'qemu-too-old': { when: 'QEMU is older than 6.2.', fix: 'Update QEMU, or name another executable.' },
  'qemu-unusable': {
    when: 'A program does not answer as QEMU does.',
    fix: 'Run it with --version, or name another one.',
  },
  'qemu-img-missing': { when: 'qemu-img is not installed beside QEMU.', fix: 'Install it (Debian: qemu-utils).' },
  'qemu-exited': {
    when: 'QEMU ended by itself; the detail has its last words.',
    fix: "Read the detail and QEMU's log.",
  },
  'accelerator-unavailable': {
    when: 'The accelerator that was asked for cannot be used.',
    fix: "Use accelerator: 'auto', or set it up as the hint says.",
  },
  'bad-cpu': { when: 'QEMU refuses the CPU model.', fix: 'Use another CPU model or accelerator.' },
  'feature-missing': {
    when: 'This QEMU lacks a device or feature.',
    fix: 'Install the package that has it, or another QEMU.',
  },
  'firmware-missing': { when: "The machine's firmware is not installed.", fix: 'Install it, or give its path.' },
  'firmware-variables-failed': {
    when: 'The file of UEFI variables could not be made.',
    fix: 'Check its folder, room and permissions.',
  },
  'image-locked': { when: 'QEMU finds a disk in use by another process.', fix: 'End the process that uses the disk.' },
  'network-unavailable': { when: 'QEMU could not set up a network.', fix: "Follow the hint, or use network: 'user'." },
  'permission-denied': { when: 'QEMU may not open a file or device.', fix: 'Give the user access to what QEMU names.' },
  'ram-exhausted': {
    when: "QEMU could not get the machine's memory.",
    fix: 'Give the machine less memory, or stop others.',
  },
  'sandbox-violation': {
    when: "QEMU's sandbox ended it.",
    fix: 'Follow the hint, and report the device that needs the call.',
  },
  'storage-unreachable': {
    when: 'QEMU cannot reach a disk over the network.',
    fix: 'Check the server and the path of the disk.',
  },
  'tpm-failed': { when: 'QEMU could not use the TPM.', fix: "Look at swtpm's log." },
  'swtpm-missing': { when: 'swtpm is not installed.', fix: 'Install it as the hint says.' },
  'machine-config-invalid': {
    when: 'The configuration of a machine is not valid; data.mistakes has every mistake.',
    fix: 'Correct it; `goqemu help machine` lists every option.',
  },
  'machine-type-unknown': { when: 'This QEMU has no such machine type.', fix: 'Use one from the hint.' },
  'machine-already-running': {
    when: 'A machine runs in this runtime folder already.',
    fix: 'Attach to it, or stop it first.',
  },
  'machine-not-running': { when: 'The machine is not running.', fix: 'Look at "goqemu status", then apply.' },
  'machine-not-found': { when: 'No running machine is at the place.', fix: 'Check the name, process or socket.' },
  'machine-ambiguous': { when: 'More than one process names the monitor.', fix: 'Name the process.' },
  'machine-gone': { when: "The machine's process has ended.", fix: 'Start it again.' },
  'machine-replaced': {
    when: "Another machine answers at this machine's socket.",
    fix: 'Give each machine its own runtime folder.',
  },
  'machine-unstoppable': {
    when: "The machine's process survived every way to end it.",
    fix: 'Look at the disk or network it waits for.',
  },
  'agent-absent': { when: 'The machine has no port for a guest agent.', fix: 'Start it with guestAgent: true.' },
  'standby-port-absent': {
    when: 'The machine has no port for a process on standby.',
    fix: 'Start it with standbyPort: true.',
  },
  'display-absent': {
    when: 'The machine has no display, or none of this protocol.',
    fix: 'Give it the display in the hint: display: true for a machine of a lab.',
  },
  'password-too-long': { when: 'A VNC password is longer than 8 bytes.', fix: 'Shorten it, or use SPICE.' },
  'key-missing': {
    when: 'The keyboard has no key for a character.',
    fix: 'Press keys by name, or send the text through the guest.',
  },
  'key-unreadable': {
    when: "The key of the machine's sockets cannot be read.",
    fix: 'Run as the user who started the machine.',
  },
  'input-dropped': { when: 'Input was sent to a machine that is paused.', fix: 'Resume the machine first.' },
  'forward-failed': { when: 'A port of the host could not be forwarded.', fix: 'Choose another port.' },
  'forward-refused': {
    when: 'The forwarded ports of the machine cannot be changed while it runs, or at all.',
    fix: 'Do what the hint says.',
  },
  'forward-missing': { when: 'The network card has no such forward.', fix: 'Look at the forwards of the card.' },
  'hotplug-port-missing': {
    when: 'No port is left to plug a device into.',
    fix: 'Start it with more hotplugPorts, or use SCSI or USB.',
  },
  'hotplug-unsupported': {
    when: 'QEMU cannot plug this device into a running machine.',
    fix: 'Use another interface.',
  },
  'unplug-refused': {
    when: 'The guest has not released a device in time.',
    fix: 'Unmount it in the guest and try again.',
  },
  'disk-create-failed': { when: 'A disk file could not be made.', fix: 'Read the reason in the detail.' },
  'ram-copy-failed': { when: "The machine's RAM could not be copied.", fix: 'Read the reason in the detail.' },
  'ram-not-shared': {
    when: "The machine's RAM cannot be reached from outside QEMU.",
    fix: 'Use checkpoints of the disk.',
  },
  'resume-failed': {
    when: 'A machine could not continue from the RAM of a checkpoint.',
    fix: "Boot from the checkpoint's disk, which is complete.",
  },
  'state-stream-unknown': {
    when: 'A saved state has a form that goqemu does not know.',
    fix: 'Restore the checkpoint in another way.',
  },
  'runtime-folder-taken': {
    when: "Something other than goqemu's sockets is in the runtime folder.",
    fix: 'Choose a new or empty folder.',
  },
  'runtime-folder-unsafe': {
    when: 'Another user could write to the runtime folder.',
    fix: 'Remove it, or choose another folder.',
  },
  'socket-path-too-long': {
    when: "The runtime folder's path is too long for sockets.",
    fix: 'Choose a shorter runtimeFolder.',
  },
} satisfies Record<string, ErrorMeaning>;
