/**
 * `node:test` of the unit tests that run under Wine: those that have no meaning there are skipped, and the log says why.
 * It is the one place that says so; a test that fails there for another reason is a failure.
 */
import { test as run } from 'node:test';

export * from 'node:test';

/** By reason; a name, or what the names of a table of tests begin with. */
const notOnWine = {
  'Wine shows links of the host as what they lead to, and makes none': [
    'a folder is listed with its modes, its empty folders, and the links in it as links',
    'a source that is a link is what the link points to',
    'a link that leads nowhere is refused with both names, and a path that is not there with its own',
    'a symbolic link stays a link: what it leads to is replaced',
    'a local file that is replaced keeps its mode, and its symbolic link',
    'short names are asked for in variables, and one that is not the same folder is not believed',
    'on Windows files and folders have the modes that they get in a guest', // its folder has a link
  ],
  'Windows has no modes and no pipes in folders': [
    'elsewhere the mode keeps others out',
    'a pipe is refused by name, wherever it is',
  ],
  'Windows says of a path through a file that it is not there': [
    'an error of the host names what could not be done, the path, the reason and a remedy',
  ],
  'the shell, ps and signals of POSIX hosts': [
    'every word comes out of a real shell as it went in',
    'hostile words stay words',
    'as on macOS, a process is the same in every time zone and language',
    'as on macOS, a process is found and stays the same where PATH has no folder of the system',
    'the ps of this host is read, as that of a Mac would be',
    'this host shows what a process has used, and whether it wants more', // not asked of Windows
    'a process that waits wants no processor, and one that is stopped or busy wants one',
  ],
  "this host's QEMU and guest agent, which listen at sockets": [
    /^QEMU[ \d.]*: /,
    /^qemu-storage-daemon[ \d.]*: /,
    /^qemu-ga: /,
    /^example \d+ of the documentation runs$/,
    'the committed types know every command and event that real monitors have, with a version that fits',
    'the committed types know every command of a real guest agent',
    'types made from a running QEMU compile',
    'QMP over TLS with a pre-shared key, and a peer with another key is turned away', // monitors.soak.ts does it
    'QMP over a program that carries the bytes',
    'QMP over a socket that a process inherited',
  ],
  'Windows passes no file descriptors': [
    'a file that was opened here is a disk there, and a named descriptor is known until it is closed',
    'many descriptors and commands at once arrive each at its own command',
    'a descriptor that is not open is refused before anything is sent',
    'a connection made without it says how descriptors are passed',
    'a socket that is not there is an error with the reason and a hint', // asks for it
  ],
};

const entries = Object.entries(notOnWine).flatMap(([reason, names]) => names.map((name) => ({ name, reason })));

export function test(name, ...rest) {
  const skip = entries.find((entry) => (typeof entry.name === 'string' ? entry.name === name : entry.name.test(name)));
  return skip ? run(name, { skip: skip.reason }) : run(name, ...rest);
}
