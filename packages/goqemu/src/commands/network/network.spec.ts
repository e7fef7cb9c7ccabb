import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const share = (summary: string) => ({ kind: 'text', value: 'SHARE', summary }) as const;

/** The faults, as they are typed. Their ranges are those of `NetworkFaults`. */
const amounts = {
  latency: { kind: 'text', value: 'DURATION', summary: "each frame takes longer by as much: '50 ms'" },
  jitter: { kind: 'text', value: 'DURATION', summary: 'the latency varies by as much to both sides' },
  loss: share('frames are lost: 5%, or 0.05'),
  duplication: share('frames come twice'),
  reordering: share('frames are sent at once, past those that the latency holds back'),
  corruption: share('one bit of a frame is flipped'),
  rate: { kind: 'text', value: 'SIZE', summary: "bytes per second: '125 kB'" },
} as const satisfies OptionSpecs;

const faultOptions = {
  ...amounts,
  machine: {
    kind: 'text',
    value: 'MACHINE',
    summary: 'of this machine alone (default: on the way to each machine)',
    completes: 'machine',
  },
  from: { kind: 'flag', summary: 'with --machine: only what it sends' },
  to: { kind: 'flag', summary: 'with --machine: only what it receives' },
  ...labOptions,
  ...jsonOption,
} as const satisfies OptionSpecs;
const plainOptions = { ...labOptions, ...jsonOption } as const satisfies OptionSpecs;
const captureOptions = {
  duration: { kind: 'text', value: 'DURATION', summary: "end after this time: '30 s' (default: until Ctrl-C)" },
  ...labOptions,
} as const satisfies OptionSpecs;

export type NetworkFaultOptions = typeof faultOptions;
export type NetworkOptions = typeof plainOptions;
export type CaptureOptions = typeof captureOptions;

const network = { name: 'NETWORK', summary: 'a network of the lab', completes: 'network' } as const;
const machine = { name: 'MACHINE', summary: 'a machine in it', completes: 'machine' } as const;
const lasting =
  'What is set takes the place of what lab.ts says, until "goqemu network heal", or until the network is removed.\nIt changes nothing of the state, and a fork does not have it.';

function cableCommand(verb: 'unplug' | 'plug') {
  return defineCommand({
    name: `network ${verb}`,
    summary: verb === 'unplug' ? 'take the cable of a machine out of a network' : 'put the cable back in',
    positionals: [network, machine],
    options: plainOptions,
    examples: [{ command: `goqemu network ${verb} lan db`, does: 'all cards that db has in lan' }],
    load: async () => {
      const { networkCable } = await import('../lab-commands.ts');
      return { run: (context, input) => networkCable.run(context, input, verb) };
    },
  });
}

export const networkCommands = [
  defineCommand({
    name: 'network list',
    summary: 'show the networks with their cards: addresses, counters, and what goes wrong',
    positionals: [{ ...network, optional: true, many: true }],
    options: plainOptions,
    examples: [{ command: 'goqemu network list lan --json', does: 'with all counters of its cards' }],
    load: async () => (await import('../lab-commands.ts')).networkList,
  }),
  defineCommand({
    name: 'network faults',
    summary: 'make a network slow, lossy or worse while machines run, or show what goes wrong in it',
    description: `${lasting}\nAn amount that is not named stays as it is; 0 ends it.`,
    positionals: [network],
    options: faultOptions,
    examples: [
      { command: "goqemu network faults lan --latency '50 ms' --jitter '10 ms'", does: 'a round trip takes 100 ms' },
      { command: 'goqemu network faults lan --machine db --from --loss 10%', does: 'a tenth of what db sends is lost' },
      { command: 'goqemu network faults lan', does: 'what goes wrong in it now' },
    ],
    load: async () => (await import('../lab-commands.ts')).networkFaults,
  }),
  defineCommand({
    name: 'network partition',
    summary: 'split a network into groups of machines that reach only each other',
    description: `Machines that are in no group are one more.\n${lasting}`,
    positionals: [network, { name: 'GROUP', summary: 'machines with commas between: db-1,db-2', many: true }],
    options: plainOptions,
    examples: [
      { command: 'goqemu network partition lan db-1', does: 'db-1 is alone' },
      { command: 'goqemu network partition lan db-1,db-2 db-3,web', does: 'two sides' },
    ],
    load: async () => (await import('../lab-commands.ts')).networkPartition,
  }),
  cableCommand('unplug'),
  cableCommand('plug'),
  defineCommand({
    name: 'network heal',
    summary: 'end what was set: what lab.ts says of the network applies again',
    positionals: [{ ...network, optional: true, many: true, summary: 'networks of the lab (default: all)' }],
    options: plainOptions,
    examples: [{ command: 'goqemu network heal', does: 'in all networks of the lab' }],
    load: async () => (await import('../lab-commands.ts')).networkHeal,
  }),
];

export const captureCommand = defineCommand({
  name: 'capture',
  summary: 'write the frames of a network or a machine to a file for Wireshark',
  description:
    'In pcapng, with an interface for each card. Of a network: each frame once, where it enters, before faults. Of a machine: what\nit sends, and what reaches it. Ends with Ctrl-C, after --duration, or after 1 GiB.',
  positionals: [
    { name: 'NAME', summary: 'a network or a machine of the lab', completes: 'network-or-machine' },
    { name: 'FILE', summary: 'a new file; - is standard output', completes: 'file' },
  ],
  options: captureOptions,
  examples: [
    { command: "goqemu capture lan lan.pcapng --duration '30 s'", does: 'half a minute of the network' },
    { command: 'goqemu capture web - | tshark -r -', does: 'as it happens' },
  ],
  load: async () => (await import('../lab-commands.ts')).networkCapture,
});
