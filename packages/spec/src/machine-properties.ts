import { accelerators } from './accelerator.ts';
import { architectures } from './architecture.ts';
import { firmwares, usualFirmware } from './firmware.ts';
import type { MachineProperty } from './machine-property.ts';
import { machineRules } from './machine-rules.ts';
import type { MachineSpec } from './machine-spec.ts';
import { shownForward } from './port-forward.ts';

/** The row of plans that says whether a machine in networks reaches anything else. */
const wayOutRow = 'way out';

/**
 * What a machine is made of: all that is said of each property, once, in the order of `MachineSpec`. Labs, plans,
 * imports, layer keys, the SDK and the docs read it here.
 */
export const machineProperties = {
  name: {
    option: null,
    derived: 'own',
    change: 'none',
    baseKey: null,
    ramShape: null,
    observed: false,
    imported: null,
    namedWhenMade: false,
    show: null,
  },
  kind: {
    option: null,
    derived: 'own',
    change: 'recreate',
    baseKey: null,
    ramShape: null,
    observed: false,
    imported: null,
    namedWhenMade: false,
    show: null,
  },
  arch: {
    option: {
      name: 'arch',
      value: { kind: 'choice', values: architectures },
      default: ({ arch }) => arch,
      open: false,
      ignored: 'recorded',
      standalone: true,
      docs: { default: "the host's", about: "`amd64` or `arm64`; one that is not the host's is emulated" },
    },
    derived: 'fixed',
    change: 'recreate',
    baseKey: 2,
    ramShape: 1,
    observed: false,
    imported: 'equal',
    namedWhenMade: false,
    show: null,
  },
  firmware: {
    option: {
      name: 'firmware',
      value: { kind: 'choice', values: firmwares },
      default: ({ arch }) => usualFirmware(arch),
      open: false,
      ignored: 'recorded',
      standalone: true,
      docs: { default: '`bios`; `uefi` for arm64', about: '`bios` or `uefi`' },
    },
    derived: 'fixed',
    change: 'recreate',
    baseKey: 3,
    ramShape: 2,
    observed: false,
    imported: 'equal',
    namedWhenMade: false,
    show: null,
  },
  accelerator: {
    option: {
      name: 'accelerator',
      value: { kind: 'choice', values: accelerators },
      default: 'auto',
      open: false,
      ignored: 'recorded',
      standalone: true,
      docs: {
        default: '`auto`',
        about: '`kvm`, `hvf`, `whpx`, `tcg`, or `auto`: the best that is proven to run a guest on this host',
      },
    },
    derived: 'default',
    change: 'restart',
    baseKey: null,
    ramShape: 5,
    observed: false,
    imported: null,
    namedWhenMade: false,
    show: null,
  },
  memory: {
    option: {
      name: 'memory',
      value: { kind: 'size', ...machineRules.memory },
      default: 4 * 2 ** 30,
      open: false,
      ignored: 'recorded',
      standalone: true,
      docs: { default: "`'4 GiB'`", about: `RAM, ${machineRules.memory.expected}` },
    },
    derived: 'default',
    change: 'restart',
    baseKey: null,
    ramShape: 3,
    observed: true,
    imported: 'measured',
    namedWhenMade: true,
    show: null,
  },
  cpus: {
    option: {
      name: 'cpus',
      value: { kind: 'number', ...machineRules.cpus },
      default: 2,
      open: false,
      ignored: 'recorded',
      standalone: true,
      docs: { default: '2', about: `cores, ${machineRules.cpus.expected}` },
    },
    derived: 'default',
    change: 'restart',
    baseKey: null,
    ramShape: 4,
    observed: true,
    imported: 'measured',
    namedWhenMade: true,
    show: null,
  },
  disk: {
    option: {
      name: 'disk',
      value: { kind: 'size', ...machineRules.disk },
      default: undefined,
      open: true,
      ignored: 'recorded',
      standalone: true,
      docs: {
        default: "`'10 GB'`, or as large as its image if that is larger",
        about: 'size of the disk as the guest sees it; it takes only the room that is written to',
      },
    },
    derived: 'fixed',
    change: 'recreate',
    baseKey: 1,
    ramShape: null,
    observed: false,
    imported: 'measured',
    namedWhenMade: true,
    show: null,
  },
  display: {
    option: {
      name: 'display',
      value: { kind: 'flag' },
      default: false,
      open: false,
      ignored: 'recorded',
      standalone: true,
      docs: {
        default: '`false`',
        about:
          'it has [a screen](sdk.md#the-screen), a keyboard and a pointer, for pictures and input; there is no window, and nothing listens',
      },
    },
    derived: 'default',
    change: 'restart',
    baseKey: null,
    ramShape: null, // a machine without a display has the shape of before
    observed: false,
    imported: null,
    namedWhenMade: false,
    show: null,
  },
  user: {
    option: {
      name: 'user',
      value: { kind: 'text', ...machineRules.user },
      default: undefined,
      open: true,
      ignored: 'recorded',
      standalone: true,
      docs: {
        default: 'that of the image (`debian`, `ubuntu`, …)',
        about: 'an ordinary user, never root, with passwordless sudo',
      },
    },
    derived: 'fixed',
    change: 'recreate',
    baseKey: 4,
    ramShape: null,
    observed: false,
    imported: null,
    namedWhenMade: false,
    show: null,
  },
  identity: {
    option: {
      name: 'hostname',
      value: { kind: 'compound' },
      default: undefined,
      open: false,
      ignored: (declared, { hostname, instanceId }) => ({ ...declared, hostname, instanceId }),
      standalone: true,
      docs: { type: 'text', default: "the machine's name", about: "the guest's host name (RFC 1123 label)" },
    },
    derived: 'own',
    change: 'restart',
    baseKey: null,
    ramShape: null,
    observed: false,
    imported: 'own',
    namedWhenMade: false,
    show: ({ hostname, sshPort }) => ({ hostname, sshPort }),
  },
  forwards: {
    option: {
      name: 'forward',
      value: { kind: 'compound' },
      default: {},
      open: false,
      ignored: 'recorded',
      standalone: true,
      docs: {
        default: 'none',
        about:
          "guest ports by a name of your choice: `{ http: 80 }`, or `{ dns: { guest: 53, host: 5353, protocol: 'udp' } }`; goqemu chooses the port of 127.0.0.1 where none, or 0, is given",
      },
    },
    derived: 'own',
    change: 'live',
    baseKey: null,
    ramShape: null,
    observed: false,
    imported: 'own',
    namedWhenMade: true,
    show: (forwards) =>
      Object.fromEntries(Object.entries(forwards).map(([name, forward]) => [`forward.${name}`, shownForward(forward)])),
  },
  timeouts: {
    option: {
      name: 'timeouts',
      value: { kind: 'compound' },
      default: {},
      open: false,
      ignored: null,
      standalone: true,
      docs: {
        default: 'see [below](#time-outs)',
        about: "`{ sshBanner: '10 min' }`: how long the stages of its boot and its end may take",
      },
    },
    derived: 'default',
    change: 'none',
    baseKey: null,
    ramShape: null,
    observed: false,
    imported: null,
    namedWhenMade: false,
    show: null,
  },
  networks: {
    option: {
      name: 'networks',
      value: { kind: 'compound' },
      default: [],
      open: false,
      ignored: null,
      standalone: false,
      docs: {
        default: 'none',
        about: 'networks of the lab that the machine is in, four cards at most: `{ lan, dmz }` or `[lan, dmz]`',
      },
    },
    derived: 'own',
    change: 'live',
    baseKey: null,
    ramShape: null,
    observed: false,
    imported: null,
    namedWhenMade: true,
    show: (_, { identity, network, wayOut }) => ({
      ...Object.fromEntries(
        (identity?.cards ?? []).map(({ name, network, ip, prefix, ip6 }) => [
          `networks.${name}`,
          [`${ip}/${prefix}`, ...(ip6 === undefined ? [] : [ip6]), ...(name === network ? [] : [`in ${network}`])].join(
            ' ',
          ),
        ]),
      ),
      ...Object.fromEntries(
        (identity?.cards ?? []).flatMap(({ network, router }) =>
          router ? [['internet', `what ${network} allows`]] : [],
        ),
      ),
      ...(identity?.cards && wayOut === undefined ? { [wayOutRow]: network ?? 'nat' } : {}),
    }),
  },
  network: {
    option: {
      name: 'network',
      value: { kind: 'compound' },
      default: undefined,
      open: false,
      ignored: null,
      standalone: false, // a machine in no lab may leave the choice to the host
      docs: {
        type: 'word',
        default: '`user`',
        about: "`user`, or `host`: it has an address on [the host's own network](networks.md#the-hosts-own-network)",
      },
    },
    derived: 'own',
    change: 'recreate', // its guest learns of its cards when it is made
    baseKey: null,
    ramShape: null, // layers name their devices
    observed: false,
    imported: null,
    namedWhenMade: true,
    show: (network) => (network === undefined ? {} : { network }),
  },
  wayOut: {
    option: null, // it follows from the networks
    derived: 'own',
    change: 'restart',
    baseKey: null,
    ramShape: null,
    observed: false,
    imported: null,
    namedWhenMade: true,
    show: (wayOut) => (wayOut === undefined ? {} : { [wayOutRow]: wayOut }),
  },
} as const satisfies { readonly [K in keyof MachineSpec]-?: MachineProperty<NonNullable<MachineSpec[K]>> };

/** Bytes of a disk whose size nothing says, where its image needs no more. */
export const defaultDisk = 10e9;
