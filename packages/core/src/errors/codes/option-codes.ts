import type { ErrorMeaning } from '../error-meaning.ts';

export const optionCodes = {
  'option-invalid': {
    when: 'An option is unknown or not what it should be; the error names it, what was expected and what it got.',
    fix: 'Correct the option.',
  },
  'option-unknown': { when: 'A lab uses an option that does not exist.', fix: 'Use the name that the hint suggests.' },
  'option-inherited': {
    when: 'A derived machine sets an option that it takes from its checkpoint.',
    fix: 'Leave the option out, or leave `from` out.',
  },
  'options-invalid': { when: 'The options are not an object.', fix: 'Write an object such as the one in the hint.' },
  'duration-invalid': {
    when: 'A duration is not a number of milliseconds or a number with a unit.',
    fix: "Write a duration such as '90 s'.",
  },
  'accelerator-options-invalid': {
    when: 'GOQEMU_WHPX_OPTIONS is no list of options such as kernel-irqchip=off.',
    fix: 'Write the options of -accel whpx as QEMU has them, or leave the variable out.',
  },
  'timeout-scale-invalid': {
    when: 'GOQEMU_TIMEOUT_SCALE is not a number greater than 0.',
    fix: 'Write a number such as GOQEMU_TIMEOUT_SCALE=4, or leave it out.',
  },
  'timeouts-invalid': {
    when: 'A time-out of a lab or a machine is longer than a timer can be.',
    fix: "Write an object such as timeouts: { sshBanner: '10 min' }.",
  },
  'size-invalid': {
    when: 'A size is not a number of bytes or a number with a unit.',
    fix: "Write a size such as '4 GiB'.",
  },
  'name-invalid': { when: 'A name is not 1 to 63 letters, digits and hyphens.', fix: 'Choose a name such as "web-1".' },
  'arch-unknown': { when: 'The architecture is not one that QEMU emulates.', fix: 'Use one of those in the hint.' },
  'memory-invalid': {
    when: 'The memory of a machine is not a whole number of MiB, or out of range.',
    fix: "Write a size such as memory: '1 GiB'.",
  },
  'cpus-invalid': { when: 'The number of processors is out of range.', fix: 'Write a whole number such as cpus: 2.' },
  'disk-invalid': { when: 'The size of a disk is out of range.', fix: "Write a size such as disk: '20 GB'." },
  'cidr-invalid': {
    when: 'The IPv4 range of a network is none, too small, or does not begin where it says.',
    fix: "Write a range such as cidr: '10.40.0.0/24'.",
  },
  'cidr6-invalid': {
    when: 'The IPv6 range of a network is no /64, or does not begin where it says.',
    fix: "Write a range such as cidr6: 'fd00:40::/64'.",
  },
  'faults-invalid': {
    when: 'The faults of a network are not what they can be.',
    fix: 'Write them as the message says, for example faults: { latency: 50, loss: 0.01 }.',
  },
  'internet-invalid': {
    when: 'The places that a network allows are not what they can be, or the network has nat besides.',
    fix: "Write internet: { allow: ['packages.example.org', '203.0.113.0/24'] }, or nat: true.",
  },
  'mtu-invalid': { when: 'The MTU of a network is out of range.', fix: 'Write a whole number such as mtu: 1500.' },
  'firmware-invalid': {
    when: 'The firmware does not exist for the architecture.',
    fix: "Leave firmware out, or write 'uefi'.",
  },
  'image-invalid': { when: 'The image of a machine is not a text.', fix: "Write image: 'debian-12'." },
  'layers-invalid': {
    when: 'A limit of layers is out of range.',
    fix: "Write layers: { perMachine: 12, budget: '20 GiB' }.",
  },
  'max-bytes-invalid': {
    when: 'maxBytes of a capture is out of range.',
    fix: 'Copy what is larger as a file with "goqemu cp".',
  },
  'mode-invalid': {
    when: 'A file mode is not a number of permission bits.',
    fix: 'Write an octal number such as 0o644.',
  },
  'owner-invalid': {
    when: 'The owner of a file is not "user" or "user:group".',
    fix: 'Write an owner such as "www-data:www-data".',
  },
  'path-invalid': { when: 'A path of a step is not valid at this place.', fix: 'Write the path as the hint says.' },
  'user-invalid': {
    when: 'The user of a machine or step is not a user name, or that of a machine is root.',
    fix: 'Write a name such as "debian".',
  },
  'user-name-invalid': {
    when: 'The user of a guest command is not a user name.',
    fix: 'Name a user of the guest, such as "root".',
  },
  'port-invalid': { when: 'A port is not a whole number from 1 to 65535.', fix: 'Correct the port.' },
  'forward-unknown': { when: 'The machine has no forward of this name.', fix: 'Use the name that the hint suggests.' },
  'port-duplicate': {
    when: 'Two forwards of a lab use the same port of the host.',
    fix: 'Leave the host port out; goqemu then chooses a free one.',
  },
  'step-name-invalid': {
    when: 'The name of a step is not valid.',
    fix: 'Choose 1 to 255 characters without those that the hint names.',
  },
  'step-duplicate': {
    when: 'Two steps of a machine have the same name.',
    fix: 'Give each step of a machine its own name.',
  },
  'environment-invalid': {
    when: 'A step sets an environment variable whose name is not valid.',
    fix: 'Use letters, digits and underscores, not beginning with a digit.',
  },
  'environment-name-invalid': {
    when: 'A guest command sets an environment variable whose name is not valid.',
    fix: 'Use letters, digits and underscores, not beginning with a digit.',
  },
  'text-invalid': { when: 'A step was given something other than a text.', fix: 'Write a string or sh`…`.' },
  'text-has-nul': {
    when: 'A script or argument contains a NUL character.',
    fix: 'Pass binary data as input or in a file.',
  },
  'condition-invalid': {
    when: 'The condition of waitFor is not one that exists.',
    fix: 'Write waitFor("listening", { port: 80 }).',
  },
  'count-invalid': { when: 'The number of forks is out of range.', fix: 'Write a whole number such as --count 2.' },
} satisfies Record<string, ErrorMeaning>;
