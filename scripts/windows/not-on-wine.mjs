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
    'an upload whose source is a link is brought up to date when its target changes',
    'a link inside of what is uploaded stays a link: its target is not part of the upload',
    'links that lead nowhere, and pipes, are refused by the plan',
    'a folder of goqemu is the same by a link',
    'a lab by another path of its folder is no copy',
    'a folder is made below a link to one',
  ],
  'Windows has no modes and no pipes in folders': [
    'elsewhere the mode keeps others out',
    'a pipe is refused by name, wherever it is',
    'a folder that others may enter is refused',
    'only its owner can read a private key, also when its mode had been widened',
    'a host key is for its owner alone',
    'a file under a socket’s name and a socket under a file’s name are kept, and so is a folder above that is not goqemu’s',
    'what a killed goqemu left while it took its turn goes with the folder; what is not ours keeps it',
    'the folder of a machine is for its owner alone',
    'a runtime folder of another user, or one that is not there, is passed over',
    'a folder that others may enter, of another owner, or behind a link is refused',
    'a folder inside a world-writable one is refused, unless no other user can replace it there',
    'a named pipe, and a name that is too long, are refused at once, in words',
    'a path that no socket can have is refused before QEMU is started',
    'a control socket that is gone is made again by the same process',
    'the key of the secrets is readable by its owner alone',
    'a file of events can be read by its owner alone, also one that was there',
    'a lab above that another user could have put there is not run',
    'a pipe that is named as a lab is not read',
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
    'time-outs of a machine are those of the stages of its boot, and the scale goes with them', // not asked of Windows
    'a machine that runs holds memory, one that has ended or was never started does not', // the same
    'on SIGTERM it ends, and leaves no record',
    'a capture of a network has each frame once, read back by tshark with interface, comment and direction',
    'a result that cannot be written is an error in words, with exit code 1', // by /dev/full
    'a full disk ends the download and is given back what it held', // by a link to /dev/full
    'a passt that does not start is no way, and its last words are the reason',
    'a word is shown as a shell reads it back, without a character that is not seen',
    'a compiler that is a program of its own is run as such', // a script of the shell
  ],
  'the shell of POSIX hosts, which runs the commands for a guest': [
    'commands run on this host with input, output and status, and are written down',
    'a port is there when something listens on it, and the reason while not is kept',
    'a file is waited for until it is there with its text, whatever its name',
    'a unit is waited for until systemd calls it active',
    'a wait lives through a connection that is cut',
    'a real sshd forwards to the port, too',
    'a guest whose sshd needs ten seconds to its banner is reached at the usual pace, by a command and as it gets ready',
    'the stages are reached in order, each with its time, and reported as they come',
    'a guest whose console says nothing gets ready by SSH alone',
    'a login that is refused at first is tried again until it works',
    'words, environment and input reach a program unchanged, whatever they hold',
    'a script may hold any text, long or short, and leaves the input to its commands',
    'a script that arrives cut short never runs',
    'the exit code is the script’s, and its variables and arguments begin empty',
    'the start is announced once, with the process group, before anything else',
    'a missing working directory stops the command',
    'on a terminal a script reaches /bin/sh whole from every login shell',
    'every shell of a guest can read the script',
    'a command that takes too long is quoted with the end of its output',
    'a condition that does not come true in time is named, with what was found wanting last',
    'a captured value is whole, or too large by name',
    /^(?:curl|wget|perl|python3) alone asks, /,
    'a guest with none of these programs is an error that names them',
    'a step that reboots the guest is distinguished from one whose connection broke, however it ended',
    'exec and ssh without -- begin the command at the first word that is not an option',
  ],
  "this host's QEMU and guest agent, which listen at sockets": [
    /^QEMU[ \d.]*: /,
    /^QEMU for \w+ has every device that a machine of it is started with$/,
    /^qemu-storage-daemon[ \d.]*: /,
    /^qemu-ga: /,
    /^example \d+ of the documentation runs$/,
    'the committed types know every command and event that real monitors have, with a version that fits',
    'the committed types know every command of a real guest agent',
    'types made from a running QEMU compile',
    'QMP over TLS with a pre-shared key, and a peer with another key is turned away', // monitors.soak.ts does it
    'QMP over a program that carries the bytes',
    'QMP over a socket that a process inherited',
    'a whole qcow2 image tells its virtual size, whatever way QEMU wrote it',
    'a qcow2 image that is cut short anywhere is refused',
    'other formats are refused by their names, a boot sector in them or not',
    'the QEMU of this host is found, with its version, its features and qemu-img',
    'a probe is kept for the binary as it is, and repeated when the binary has changed',
    'ten that look for a QEMU at once start it as often as one does, and one that is aborted does not end the others',
    'a program that is no QEMU is refused with what it said',
    'a QEMU that is asked ends by itself, whatever becomes of who asked: what it hears ends with quit',
    'a QEMU in a folder on PATH is preferred to the usual places',
    'a machine on record has the arguments that a plan of it foresees',
  ],
  'connections of Windows, which the stand-in for PowerShell does not list': [
    'a port that another program has is reported with the process',
    'a taken port names the process that holds it',
    'this host shows the sockets of this process, a connection with the place of its listener',
  ],
  'Wine lets a program listen at the port that a connection goes out from': [
    'a port that an outgoing connection goes out from, or a listener on IPv6, is looked at closely',
  ],
  'Windows removes no folder while a process has a file of it open': [
    'it ends by itself when its folder is gone, and another lab cannot end it', // its log
  ],
  'Wine removes no folder of which one below is watched': [
    'a folder that is removed is watched no more, and one of the same name is',
  ],
  'Windows passes no file descriptors': [
    'a file that was opened here is a disk there, and a named descriptor is known until it is closed',
    'many descriptors and commands at once arrive each at its own command',
    'a descriptor that is not open is refused before anything is sent',
    'a connection made without it says how descriptors are passed',
    'a socket that is not there is an error with the reason and a hint', // asks for it
  ],
};

/** Files of which no test has a meaning there, or whose programs are looked for before the first one; by reason. */
export const filesNotOnWine = {
  'Wine makes no links of the host': ['packages/lab/src/plan/older-versions.test.ts'], // one source of its lab is a link
  'the file systems in memory of Linux': ['packages/vm/src/ram/boot-memory.test.ts'],
  'the builder of images, which runs on Linux alone': [
    'packages/image/src/build/build-tools.test.ts',
    'packages/image/src/build/overlay-files.test.ts',
    'packages/image/src/build/run-tool.test.ts',
    'packages/image/src/build/work-folder.test.ts',
  ],
  'cloud-init itself, a program of Linux': ['packages/image/src/cloud-init/cloud-init-readers.test.ts'],
  "this host's QEMU, for which the lane has labs": [
    'packages/machine/src/attach/attach-forms.test.ts',
    'packages/machine/src/attach/identity.test.ts',
    'packages/machine/src/checkpoint/empty-overlay.test.ts',
    'packages/machine/src/checkpoint/saved-state.test.ts',
    'packages/machine/src/checkpoint/state-stream.test.ts',
    'packages/machine/src/devices/block-devices.test.ts',
    'packages/machine/src/devices/display.test.ts',
    'packages/machine/src/devices/hot-plug.test.ts',
    'packages/machine/src/devices/local-storage.test.ts',
    'packages/machine/src/devices/network-cards.test.ts',
    'packages/machine/src/devices/network-frames.test.ts',
    'packages/machine/src/devices/network-storage.test.ts',
    'packages/machine/src/documentation.test.ts',
    'packages/machine/src/find/architectures.test.ts',
    'packages/machine/src/launch/direct-kernel.test.ts',
    'packages/machine/src/launch/launch-machine.test.ts',
    'packages/machine/src/launch/many-launches.test.ts',
    'packages/machine/src/launch/other-hosts.test.ts',
    'packages/machine/src/accelerators/choose-accelerator.test.ts',
    'packages/machine/src/launch/uefi-firmware.test.ts',
    'packages/machine/src/launch/whole-configuration.test.ts',
    'packages/machine/src/machine/guest.test.ts',
    'packages/machine/src/machine/machine.test.ts',
    'packages/machine/src/process/owned-processes.test.ts',
    'packages/machine/src/tpm/tpm.test.ts',
    'packages/backend-qemu/src/doctor/doctor.test.ts',
    'packages/backend-qemu/src/layers/claim-layers.test.ts',
    'packages/vm/src/layers/coalesce-layers.test.ts',
    'packages/vm/src/layers/flatten-layer.test.ts',
    'packages/vm/src/layers/layer-damage.test.ts',
    'packages/vm/src/layers/remove-leftovers.test.ts',
    'packages/vm/src/suspension/suspension.test.ts',
  ],
  'sshd, perl and the shells of POSIX hosts, which stand for a guest': [
    'packages/guest/src/command/login-shells.test.ts',
    'packages/guest/src/identity/guest-identity.test.ts',
    'packages/guest/src/network/join-networks.test.ts',
    'packages/guest/src/readiness/cloud-init.test.ts',
    'packages/guest/src/session/guest-session.test.ts',
    'packages/guest/src/far-end/program.test.ts',
    'packages/guest/src/far-end/ways.test.ts',
    'packages/guest/src/session/real-sshd.test.ts',
    'packages/guest/src/transfer/place-staged.test.ts',
    'packages/guest/src/transfer/stage.test.ts',
    'packages/test/src/changes/changed-only.test.ts',
    'packages/test/src/matchers/local-guests.test.ts',
    'packages/goqemu/src/commands/exec/exec.test.ts',
    'packages/goqemu/src/commands/ssh/ssh.test.ts',
    'packages/goqemu/src/sdk/lab/lab-machine.test.ts',
    'packages/goqemu/src/sdk/vm/vm-access.test.ts',
    'packages/goqemu/src/traces/open-trace.test.ts',
  ],
};

const entries = Object.entries(notOnWine).flatMap(([reason, names]) => names.map((name) => ({ name, reason })));

export function test(name, ...rest) {
  const skip = entries.find((entry) => (typeof entry.name === 'string' ? entry.name === name : entry.name.test(name)));
  return skip ? run(name, { skip: skip.reason }) : run(name, ...rest);
}
