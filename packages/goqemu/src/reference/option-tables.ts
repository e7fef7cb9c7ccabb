import type { LabOptions, MachineOptions } from '@goqemu/lab';
import { networkPropertyRows, type PropertyOptionName, propertyRows } from '@goqemu/spec';
import type { QemuVMConfig } from '../sdk/vm/options/vm-config.ts';
import { table } from './markdown-table.ts';

/** A row of a table of options, in Markdown. */
interface OptionText {
  /** What is written: `size`, `duration`, `text`, … */
  readonly type?: string;
  readonly default: string;
  readonly about: string;
  /** What a change in the lab does to a machine that is there. */
  readonly change?: string;
}

type Own<Options, Besides extends string = never> = Readonly<
  Record<Exclude<Options extends unknown ? keyof Options : never, PropertyOptionName> | Besides, OptionText>
>;

const image = { default: '`debian-12`', about: 'a name of the [catalogue](images.md), a URL, or an absolute path' };

/** What a lab says of a machine beside its properties. */
const labOptions: Own<MachineOptions> = {
  image: { ...image, type: 'text', change: 'recreate' },
  from: {
    type: 'checkpoint',
    default: 'none',
    about: '`base.at.installed`: begins at a checkpoint of another machine',
    change: 'roll back or recreate, whichever is less',
  },
  after: {
    type: 'machines',
    default: 'none',
    about: 'machines whose steps so far run before the first step of this one',
    change: 'the first step runs again',
  },
  protect: {
    type: 'boolean',
    default: '`false`',
    about: 'a plan that would delete or replace the machine is refused, and still shows what would change',
    change: 'live',
  },
  retain: {
    type: 'boolean',
    default: '`false`',
    about: 'taken out of the lab, the machine is forgotten instead of deleted',
    change: 'live',
  },
  ignoreChanges: {
    type: 'list',
    default: 'none',
    about: "`['memory', 'steps']`: these keep what is recorded",
    change: 'none',
  },
  renamedFrom: {
    type: 'text',
    default: 'none',
    about: "`'old'`: the machine keeps its disk, its address, its ports and its host name",
    change: 'live',
  },
};

/** What a script says of a VM beside its properties; its time-outs are those of its operations, too. */
const sdkOptions: Own<QemuVMConfig, 'network' | 'timeouts'> = {
  name: { default: 'made by goqemu', about: 'lower-case letters, digits and hyphens' },
  image,
  snapshots: {
    default: '`disk`',
    about:
      "`memory` keeps them, and the VM's own disk, in a RAM file system: quicker, and gone with the host's next start",
  },
  network: { default: '`auto`', about: '`auto`, `host` or `user`, see [below](#network)' },
  timeouts: {
    default: '',
    about:
      'of operations: `create` 30 min, `start` 15 min, `stop` 3 min, `command` 10 min, `connect` 2 min, `snapshot` 5 min, `restore` 15 min; of the [stages of a boot](lab.md#time-outs): `firmware`, `kernel`, `sshBanner`, `login`, `cloudInit`',
  },
  logger: {
    default: 'silent',
    about: '`{ log(level, scope, message, fields) }` receives every operation and how long it took',
  },
  onProgress: { default: '', about: 'receives stages and notices while an operation runs' },
};

/** What `defineLab` takes. */
const defineLabOptions: Readonly<Record<keyof LabOptions, OptionText>> = {
  name: { type: 'text', default: '', about: 'host-name label (RFC 1123); folders are named after it' },
  params: {
    type: 'schema',
    default: 'none',
    about: 'a schema of zod: the [parameters](#parameters-and-stacks) that the lab takes',
  },
  layers: {
    type: 'object',
    default: "`{ perMachine: 12, budget: '20 GiB' }`",
    about:
      'how many layers without a name are kept, from 2, and what all of them may take ([limits](checkpoints.md#within-limits))',
  },
  timeouts: {
    type: 'object',
    default: 'see [below](#time-outs)',
    about: 'how long the stages of the boot and the end of its machines may take',
  },
};

/** Of `defineLab`, for docs/lab.md. */
export function defineLabTable(): string {
  return table(
    ['option', 'type', 'default', 'what it is'],
    Object.entries(defineLabOptions).map(([name, text]) => [`\`${name}\``, text.type ?? '', text.default, text.about]),
  );
}

/** Of `lab.vm` and `lab.template`, for docs/lab.md. */
export function labOptionTable(): string {
  const { image: first, ...own } = labOptions;
  const rows = Object.entries<OptionText>({ image: first, ...propertyTexts(), ...own });
  return table(
    ['option', 'type', 'default', 'what it is', 'a change means'],
    rows.map(([name, text]) => [`\`${name}\``, text.type ?? '', text.default, text.about, text.change ?? '']),
  );
}

/** Of `lab.network`, for docs/networks.md. A change of any needs no restart. */
export function networkOptionTable(): string {
  const options = networkPropertyRows.flatMap(([, row]) => row.options ?? []);
  return table(
    ['option', 'default', 'what it is'],
    options.map(({ name, docs }) => [`\`${name}\``, docs.default, docs.about]),
  );
}

/** Of `createVM` and `QemuVM`, for docs/sdk.md. */
export function sdkOptionTable(): string {
  const { name, image: second, ...own } = sdkOptions;
  const rows = Object.entries<OptionText>({ name, image: second, ...propertyTexts('standalone'), ...own });
  return table(
    ['option', 'default', 'what it is'],
    rows.map(([option, text]) => [`\`${option}\``, text.default, text.about]),
  );
}

const typeNames = {
  choice: 'word',
  flag: 'boolean',
  size: 'size',
  number: 'number',
  text: 'text',
  compound: 'object',
} as const;

function propertyTexts(of: 'lab' | 'standalone' = 'lab'): Readonly<Record<string, OptionText>> {
  return Object.fromEntries(
    propertyRows.flatMap(([, { option, change }]) =>
      option && (of === 'lab' || option.standalone)
        ? [[option.name, { type: typeNames[option.value.kind], ...option.docs, change }]]
        : [],
    ),
  );
}
