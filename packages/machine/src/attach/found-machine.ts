import { type Accelerator, accelerators } from '../configuration/machine-config.ts';
import { chardevOf, type FoundChardev, monitorsOf } from './monitors-of.ts';
import type { QemuOption } from './qemu-options.ts';

/** What a running QEMU's own arguments tell about it. */
export interface FoundMachine {
  /** Its QMP monitors; those that goqemu gives a machine come by their names. */
  readonly monitors: readonly FoundChardev[];
  readonly named: Readonly<Partial<Record<'control' | 'readers' | 'tools' | 'standby' | 'console', FoundChardev>>>;
  readonly agent?: FoundChardev;
  readonly accelerator: Accelerator | 'unknown';
  readonly machineType: string;
  readonly cpu: string;
  readonly serialLog?: string;
  readonly uuid?: string;
}

const goqemuNames = ['control', 'readers', 'tools', 'standby', 'console'] as const;

/** Reads the arguments of a QEMU that goqemu started, or of any other one. */
export function foundMachine(options: readonly QemuOption[]): FoundMachine {
  const chardevs = options.filter(({ name }) => name === 'chardev');
  const idOf = (id: string) => chardevs.some(({ values }) => values.id === id);
  const named = goqemuNames.filter(idOf).map((id) => [id, chardevOf(id, options)] as const);
  const agent = agentOf(options);
  const serialLog = chardevs.find(({ values }) => values.id === 'console')?.values.logfile;
  const machine = last(options, 'machine', 'M')?.values;
  const uuid = last(options, 'uuid')?.text.toLowerCase();
  return {
    monitors: monitorsOf(options),
    named: Object.fromEntries(named),
    ...(agent ? { agent } : {}),
    accelerator: acceleratorOf(options, machine?.accel),
    machineType: machine?.type ?? machine?.[''] ?? '',
    cpu: last(options, 'cpu')?.text ?? '',
    ...(serialLog ? { serialLog } : {}),
    ...(uuid ? { uuid } : {}),
  };
}

function last(options: readonly QemuOption[], ...names: string[]): QemuOption | undefined {
  return options.findLast(({ name }) => names.includes(name));
}

/** The port that qemu-ga(8) looks for, whatever the chardev behind it is called. */
function agentOf(options: readonly QemuOption[]): FoundChardev | undefined {
  const port = options.find(({ name, values }) => name === 'device' && values.name === 'org.qemu.guest_agent.0');
  const chardev = port?.values.chardev;
  return chardev === undefined ? undefined : chardevOf(chardev, options);
}

/** Of several, QEMU takes the first that works, which its arguments do not tell. */
function acceleratorOf(options: readonly QemuOption[], ofMachine = ''): Accelerator | 'unknown' {
  const given = options.filter(({ name }) => name === 'accel').map(({ values }) => values.accel ?? values['']);
  const words = given.length > 0 ? given : ofMachine.split(':').filter((word) => word !== '');
  if (words.length === 0 && options.some(({ name }) => name === 'enable-kvm')) return 'kvm';
  return (words.length === 1 && accelerators.find((known) => known === words[0])) || 'unknown';
}
