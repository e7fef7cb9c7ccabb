import type { ErrorMeaning } from '../error-meaning.ts';

export const hostCodes = {
  timeout: {
    when: 'An operation did not finish within its time-out, which the error names.',
    fix: 'Look at the detail, then raise the time-out that is named or find out what is slow.',
  },
  interrupted: {
    when: 'The command was interrupted by Ctrl-C, SIGTERM or an abort signal.',
    fix: 'Run it again; the next plan looks at what was interrupted.',
  },
  internal: {
    when: 'goqemu broke a promise of its own.',
    fix: 'Report it with the debug log; it is a defect of goqemu.',
  },
  usage: {
    when: 'The command line has a word or option that the command does not take.',
    fix: 'Correct the command as the hint says, or read its --help.',
  },
  'file-missing': {
    when: 'A file or folder of the host does not exist, or QEMU names one that does not.',
    fix: 'Check the path.',
  },
  'file-denied': {
    when: 'The host refuses access to a file.',
    fix: 'Check the owner and mode of the file and of the folders above it.',
  },
  'file-system-read-only': {
    when: 'The file system is mounted read-only.',
    fix: 'Use a folder on a file system that can be written to.',
  },
  'disk-full': {
    when: 'No room is left on the file system, or a disk quota is used up.',
    fix: 'Free some room, or set GOQEMU_HOME to a folder on a larger file system.',
  },
  'file-too-large': {
    when: 'A file would exceed a size limit of the host.',
    fix: 'Raise the limit (ulimit -f), or use another file system.',
  },
  'path-is-folder': { when: 'A folder is at the path where a file is expected.', fix: 'Name a file.' },
  'path-not-folder': {
    when: 'A part of the path is a file, not a folder.',
    fix: 'Name a path whose parent is a folder.',
  },
  'file-exists': { when: 'Something is at the path already.', fix: 'Choose another name, or remove what is there.' },
  'folder-not-empty': {
    when: 'A folder that should be empty is not.',
    fix: 'Choose another name, or remove what is there.',
  },
  'path-too-long': { when: 'A path is longer than the host allows.', fix: 'Choose a shorter path.' },
  'link-loop': { when: 'Symbolic links lead in a circle.', fix: 'Correct the links.' },
  'files-exhausted': {
    when: 'Too many files are open in this process or on this host.',
    fix: 'Raise the limit with ulimit -n, or end other programs.',
  },
  'folder-not-private': {
    when: 'On Windows a folder outside of the user’s profile cannot be given an access list.',
    fix: 'Set GOQEMU_HOME to a folder on NTFS, or leave it out.',
  },
  'path-not-ascii': {
    when: 'On Windows a folder that QEMU is to use has characters in its path that QEMU cannot open, and neither a short name nor another place is to be had.',
    fix: 'Set the variable in the hint to a folder whose path is ASCII alone.',
  },
  'file-busy': { when: 'Another program uses or runs the file.', fix: 'End the other program and try again.' },
  'device-failed': {
    when: 'A device of the host reported an error or is gone.',
    fix: 'Look at the kernel log and at the health of the disk.',
  },
  'file-systems-differ': {
    when: 'Two paths that must be on one file system are not.',
    fix: 'Use one file system for both.',
  },
  'file-unusable': {
    when: 'The file system does not support the operation or the name, or a pipe or a socket is where a file belongs.',
    fix: 'Use another file system, choose another name, or name a file.',
  },
  'output-closed': { when: 'The reader of the output has closed it.', fix: 'Keep the reading program running.' },
  'output-failed': {
    when: 'The result could not be written to standard output.',
    fix: 'Follow the hint; the command itself may have done its work.',
  },
  'events-unwritable': {
    when: 'The file of events cannot be written.',
    fix: 'Name a file that can be written, or "-" for standard output.',
  },
  'program-missing': {
    when: 'A program that goqemu runs is not installed.',
    fix: 'Install it; "goqemu doctor" lists what is missing.',
  },
  'program-denied': {
    when: 'A program cannot be run for lack of permission.',
    fix: 'Check the owner and mode of the program.',
  },
  locked: {
    when: 'Another goqemu process holds the lock of the lab or store.',
    fix: 'Wait until it has finished, or end it; a lock whose owner has ended is released.',
  },
  'local-file-failed': {
    when: 'A file of this host cannot be opened, read or written for a transfer.',
    fix: 'Check the path, its permissions and the room on its disk.',
  },
  'not-left-behind': {
    when: 'doctor --clear was given something that was not left behind.',
    fix: 'Choose an id that "goqemu doctor" lists.',
  },
  'backend-unknown': {
    when: 'GOQEMU_BACKEND names no backend.',
    fix: 'Unset it, or set it to one of the names in the hint.',
  },
  'tool-failed': { when: 'A program that builds an image failed.', fix: 'Read the end of its output in the detail.' },
} satisfies Record<string, ErrorMeaning>;
