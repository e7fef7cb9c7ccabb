import type { ErrorMeaning } from '../error-meaning.ts';

export const guestCodes = {
  'command-empty': { when: 'A command has no program.', fix: 'Give at least one word.' },
  'command-too-long': {
    when: 'A command with a terminal is too long.',
    fix: 'Upload it as a file, or run it without a terminal.',
  },
  'command-failed': {
    when: 'A guest command ended with an exit code other than 0 or by a signal.',
    fix: 'Read the end of its output in the detail.',
  },
  'command-not-started': {
    when: 'A guest command could not be started.',
    fix: "Check the user's login shell and /bin/sh.",
  },
  'command-interrupted': {
    when: 'The VM stopped, was restored or deleted during the command.',
    fix: 'Await commands before; look at what this one did before running it again.',
  },
  'privilege-denied': {
    when: "The session's user may not become the other user in the guest.",
    fix: 'Allow sudo without a password for that user.',
  },
  'sudo-missing': {
    when: 'There is no sudo in the guest to become another user.',
    fix: "Use an image with sudo, or commands of the session's own user.",
  },
  'connection-lost': {
    when: 'The SSH session broke during the operation.',
    fix: 'Look at what has been done, then try again; the next command reconnects.',
  },
  'connect-failed': {
    when: 'No SSH session could be made, or nothing answers behind a tunnel.',
    fix: 'Check that the machine runs and that its service listens.',
  },
  'far-end-garbled': {
    when: 'What came from the guest over the channel for commands is not of its protocol.',
    fix: 'Run the command again: the channel is opened again, or SSH is used.',
  },
  'far-end-absent': {
    when: 'There is no channel for commands into the guest now; goqemu uses SSH then.',
    fix: 'Nothing is to be done; goqemu status says why.',
  },
  'session-closed': { when: 'The SSH session has been closed.', fix: 'Make a new session.' },
  'authentication-failed': {
    when: 'The guest refused the access key.',
    fix: 'Check that the user exists in the guest and accepts the key.',
  },
  'host-key-mismatch': {
    when: 'Another SSH server answers than that of the machine.',
    fix: 'Look at what listens on the port, or at whether the guest has replaced its keys.',
  },
  'access-key-damaged': {
    when: 'The access key pair on the host is damaged.',
    fix: 'Restore it from a backup, or delete the folder, then destroy and apply.',
  },
  'public-key-invalid': { when: 'A text is not an OpenSSH public key.', fix: 'Use the line of a .pub file.' },
  'identity-failed': {
    when: 'The guest could not be given its identity or time.',
    fix: 'Read the reason in the detail.',
  },
  'guest-network-failed': {
    when: 'The guest could not be brought into the networks of its lab.',
    fix: 'Read the reason in the detail; look at the cards with ip addr in the guest.',
  },
  'identity-invalid': { when: 'A host name or other identity is not valid for a guest.', fix: 'Correct the value.' },
  'cloud-init-failed': {
    when: 'cloud-init reported errors in the guest.',
    fix: 'Read /var/log/cloud-init.log in the guest.',
  },
  'guest-rebooted': {
    when: 'The guest rebooted during a step, or when a checkpoint was due.',
    fix: 'Use a reboot step where the lab reboots a machine.',
  },
  'reboot-timed-out': {
    when: "A reboot step's guest did not go down, or was not ready again, within the step's time limit.",
    fix: "Read the serial console's last lines in the detail; give the step a longer timeout where the host is slow.",
  },
  'stage-stalled': {
    when: 'A stage of the start did not finish in time; data.stage names it.',
    fix: "Read the serial console's last lines in the detail; raise timeouts where the host is slow.",
  },
  'machine-exited': {
    when: "The machine's process ended before the guest was ready.",
    fix: "Read the detail and the machine's log.",
  },
  'boot-failed': {
    when: "The guest's kernel or its firmware reported that it cannot boot.",
    fix: "Read the serial console's last lines in the detail.",
  },
  'guest-sync-failed': {
    when: 'The guest could not write its data to its disk; no checkpoint was made.',
    fix: "Look at the guest's disk.",
  },
  'guest-file-missing': { when: 'There is no such file in the guest.', fix: 'Check the path.' },
  'guest-file-denied': {
    when: 'The guest refuses access to the file.',
    fix: 'Transfer it as root, or choose another folder.',
  },
  'guest-file-failed': {
    when: 'The guest could not read or write the file.',
    fix: "Check the path and the room on the guest's disk.",
  },
  'guest-file-changed': {
    when: 'A guest file became shorter while it was copied.',
    fix: 'Copy it when nothing writes to it.',
  },
  'download-unsafe-name': {
    when: 'A file name in the guest would lead out of the destination.',
    fix: 'Rename it in the guest, or leave it out.',
  },
  'upload-source-missing': { when: 'What is to be uploaded does not exist.', fix: 'Check the path.' },
  'upload-source-changed': {
    when: 'A file became shorter while it was uploaded.',
    fix: 'Upload it when nothing writes to it.',
  },
  'upload-unsupported': {
    when: 'What is to be uploaded is neither file, folder nor symbolic link.',
    fix: 'Leave sockets, pipes and devices out.',
  },
  'port-taken': { when: 'A port of the host is in use.', fix: 'Choose another port, or leave the choice to goqemu.' },
  'no-free-port': { when: 'No port of the range is free.', fix: 'End what listens there, or give a wider range.' },
  'host-network-unavailable': {
    when: "network: 'host' is not possible on the host; the detail has what each way lacks.",
    fix: "Open one of these ways, or use network: 'auto'.",
  },
  'passt-failed': { when: 'passt did not start.', fix: "Follow what it says, or use network: 'user'." },
  'console-absent': {
    when: 'The machine has no serial console to attach to.',
    fix: 'Read what it wrote with "goqemu logs".',
  },
} satisfies Record<string, ErrorMeaning>;
