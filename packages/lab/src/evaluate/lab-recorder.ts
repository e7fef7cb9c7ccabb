import { checkResourceName, parseByteSize, type SourceLocation } from '@goqemu/core';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { CheckpointReference, MachineReference } from '../definition/references.ts';
import type { PortForward } from '../machine/machine-spec.ts';
import { describeSource, isLateValue, type LateSource } from '../value/late-value.ts';
import type { SecretSource } from '../value/secret-source.ts';
import { isShellText, sourcesOf, type Text, type TextInput, textOf } from '../value/text.ts';
import { type Allocations, Allocator } from './allocations.ts';
import { isPort } from './check-wait-condition.ts';
import type { Dependency, MachineDeclaration } from './lab.ts';
import { labError, locate, suggestion } from './lab-error.ts';
import { MachineRecorder, referencesOf, withPlace } from './machine-recorder.ts';
import { markPlace } from './source-location.ts';

type Place = () => SourceLocation | undefined;

interface RecordedMachine {
  readonly recorder: MachineRecorder;
  readonly fixed: Omit<MachineDeclaration, 'steps' | 'checkpoints' | 'location'>;
  readonly place: Place;
}

const architectures = ['amd64', 'arm64'] as const;
const firmwares = ['bios', 'uefi'] as const;
const accelerators = ['auto', 'kvm', 'hvf', 'whpx', 'tcg'] as const;
const ignorable = [
  'image',
  'arch',
  'firmware',
  'accelerator',
  'memory',
  'cpus',
  'disk',
  'user',
  'hostname',
  'forward',
  'steps',
] as const;

/** Collects the machines of one evaluation. */
export class LabRecorder {
  readonly #folders: { readonly labFile: string; readonly labFolder: string };
  readonly #allocator: Allocator;
  readonly #machines = new Map<string, RecordedMachine>();
  /** Names by their lower case: folders and host names do not tell them apart everywhere. */
  readonly #spellings = new Map<string, string>();
  readonly #secrets = new Map<string, SecretSource>();
  readonly #hostPorts = new Map<number, string>();

  constructor(folders: { readonly labFile: string; readonly labFolder: string }, allocations: Allocations) {
    this.#folders = folders;
    this.#allocator = new Allocator(allocations);
  }

  add(kind: 'vm' | 'template', name: string, options: MachineOptions): MachineRecorder {
    const place = markPlace(this.#folders.labFile);
    locate(place, () => checkResourceName(name, kind));
    const twin = this.#spellings.get(name.toLowerCase());
    if (twin !== undefined) {
      const first = this.#machines.get(twin)?.place();
      throw labError(
        'machine-duplicate',
        `two machines are called "${name}"${first?.line ? `; the first is declared in line ${first.line}` : ''}`,
        place(),
        'give each machine its own name; upper and lower case count as the same',
        name,
      );
    }
    const fixed = this.#fixed(kind, name, options, place);
    const recorder = new MachineRecorder(
      name,
      { hostname: fixed.identity.hostname, sshPort: fixed.identity.sshPort, forwards: fixed.forwards },
      {
        ...this.#folders,
        dependency: (reference, at) => this.#dependency(reference, at),
        text: (input, what, at) => this.#text(input, what, at),
      },
    );
    this.#machines.set(name, { recorder, fixed, place });
    this.#spellings.set(name.toLowerCase(), name);
    return recorder;
  }

  declarations(): readonly MachineDeclaration[] {
    return [...this.#machines.values()].map(({ recorder, fixed, place }) =>
      withPlace({ ...fixed, steps: recorder.steps, checkpoints: recorder.checkpoints }, place),
    );
  }

  freshPorts(): readonly number[] {
    return this.#allocator.fresh;
  }

  /** The secrets used by steps, and those in what the program returned. */
  secretsWith(returned: unknown): Readonly<Record<string, SecretSource>> {
    const visit = (value: unknown): void => {
      if (isLateValue(value) || isShellText(value)) {
        for (const source of sourcesOf(textOf(value))) this.#noteSecret(source, () => undefined);
      } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    };
    visit(returned);
    return Object.fromEntries(this.#secrets);
  }

  #fixed(kind: 'vm' | 'template', name: string, options: MachineOptions, place: Place): RecordedMachine['fixed'] {
    const base = options.from === undefined ? undefined : this.#base(options.from, name, place);
    const arch = base?.arch ?? this.#oneOf(options.arch ?? 'amd64', architectures, name, 'arch', place);
    const firmware =
      base?.firmware ??
      this.#oneOf(options.firmware ?? (arch === 'arm64' ? 'uefi' : 'bios'), firmwares, name, 'firmware', place);
    if (arch === 'arm64' && firmware === 'bios')
      throw labError(
        'firmware-invalid',
        `${name}: arm64 has no BIOS`,
        place(),
        "leave firmware out, or write 'uefi'",
        name,
      );
    const size = (value: Parameters<typeof parseByteSize>[0], option: string) =>
      locate(place, () => parseByteSize(value, `${name}: ${option}`));
    const hostname =
      options.hostname === undefined
        ? undefined
        : locate(place, () => checkResourceName(options.hostname as string, `${name}: hostname`));
    const renamedFrom =
      options.renamedFrom === undefined
        ? undefined
        : locate(place, () => checkResourceName(options.renamedFrom as string, `${name}: renamedFrom`));
    return {
      name,
      kind,
      image: base?.image ?? this.#image(options.image ?? 'debian-12', name, place),
      ...(options.from ? { from: this.#dependency(options.from, place) } : {}),
      arch,
      firmware,
      accelerator: this.#oneOf(
        options.accelerator ?? base?.accelerator ?? 'auto',
        accelerators,
        name,
        'accelerator',
        place,
      ),
      memory: options.memory === undefined ? (base?.memory ?? 4 * 2 ** 30) : size(options.memory, 'memory'),
      cpus: this.#cpus(options.cpus ?? base?.cpus ?? 2, name, place),
      disk: base?.disk ?? size(options.disk ?? '10 GB', 'disk'),
      user: base ? base.user : this.#user(options.user, name, place),
      identity: this.#allocator.identity(name, hostname, renamedFrom),
      ...this.#forwards(name, renamedFrom, options.forward ?? {}, place),
      after: referencesOf(options.after).map((reference) => this.#dependency(reference, place)),
      protect: options.protect === true && !this.#allocator.isFork,
      retain: options.retain === true && !this.#allocator.isFork,
      ignoreChanges: (options.ignoreChanges ?? []).map((property) =>
        this.#oneOf(property, ignorable, name, 'ignoreChanges', place),
      ),
      renamedFrom,
    };
  }

  #base(from: CheckpointReference, name: string, place: Place): RecordedMachine['fixed'] {
    const base = this.#machines.get(from?.machine);
    if (base) return base.fixed;
    throw labError(
      'checkpoint-unknown',
      `${name}: from must be a checkpoint of a machine of this lab`,
      place(),
      'write from: base.at.installed',
      name,
    );
  }

  #forwards(
    name: string,
    formerName: string | undefined,
    options: NonNullable<MachineOptions['forward']>,
    place: Place,
  ): { forwards: Readonly<Record<string, PortForward>>; fixedPorts: readonly number[] } {
    const forwards: Record<string, PortForward> = {};
    const fixedPorts: number[] = [];
    for (const [forward, option] of Object.entries(options)) {
      const { guest, host } = typeof option === 'number' ? { guest: option, host: undefined } : option;
      for (const [side, port] of [
        ['guest', guest],
        ['host', host],
      ] as const) {
        if (port === undefined && side === 'host') continue;
        if (!isPort(port)) {
          throw labError(
            'port-invalid',
            `${name}: forward.${forward}.${side} must be a port from 1 to 65535, got ${JSON.stringify(port)}`,
            place(),
            `write forward: { ${forward}: { guest: 80, host: 8080 } }`,
            name,
          );
        }
      }
      if (host !== undefined) {
        const other = this.#hostPorts.get(host);
        if (other !== undefined) {
          throw labError(
            'port-duplicate',
            `${name}: port ${host} of the host is already forwarded to ${other}`,
            place(),
            'leave the host port out and goqemu chooses a free one',
            name,
          );
        }
        this.#hostPorts.set(host, `${name}.${forward}`);
        if (!this.#allocator.isFork) fixedPorts.push(host);
      }
      const fixed = this.#allocator.isFork ? undefined : host;
      forwards[forward] = { host: fixed ?? this.#allocator.forwardPort(name, formerName, forward), guest };
    }
    return { forwards, fixedPorts };
  }

  #dependency(reference: MachineReference, place: Place): Dependency {
    // A machine has a method of that name; only a checkpoint has a text there.
    const checkpoint =
      'checkpoint' in reference && typeof reference.checkpoint === 'string' ? reference.checkpoint : undefined;
    const name = 'machine' in reference ? reference.machine : reference.name;
    const machine = this.#machines.get(name);
    if (!machine) {
      throw labError(
        'machine-unknown',
        `no machine called "${String(name)}" has been declared above`,
        place(),
        suggestion(String(name), [...this.#machines.keys()]),
      );
    }
    if (checkpoint === undefined) return { machine: name, steps: machine.recorder.steps.length };
    const found = machine.recorder.checkpoints.find((one) => one.name === checkpoint);
    if (found) return { machine: name, steps: found.steps };
    throw labError(
      'checkpoint-unknown',
      `${name} has no checkpoint "${checkpoint}"`,
      place(),
      suggestion(
        checkpoint,
        machine.recorder.checkpoints.map((one) => one.name),
      ),
    );
  }

  #text(input: TextInput, what: string, place: Place): Text {
    if (typeof input !== 'string' && !isLateValue(input) && !isShellText(input)) {
      throw labError('text-invalid', `${what} must be a text, got ${typeof input}`, place(), 'write a string or sh`…`');
    }
    const text = textOf(input);
    for (const source of sourcesOf(text)) {
      this.#noteSecret(source, place);
      if (
        'capture' in source &&
        !this.#machines.get(source.capture.machine)?.recorder.outputs.has(source.capture.name)
      ) {
        throw labError(
          'output-unknown',
          `${what} uses ${describeSource(source)}, which is not of this lab`,
          place(),
          'use an output of a machine declared above',
        );
      }
    }
    return text;
  }

  #noteSecret(source: LateSource, place: Place): void {
    if (!('secret' in source)) return;
    const known = this.#secrets.get(source.secret);
    if (known && JSON.stringify(known) !== JSON.stringify(source.from)) {
      throw labError(
        'secret-duplicate',
        `two secrets are called "${source.secret}" and come from different places`,
        place(),
        'give each secret its own name',
      );
    }
    this.#secrets.set(source.secret, source.from);
  }

  #oneOf<T extends string>(value: string, allowed: readonly T[], name: string, option: string, place: Place): T {
    const found = allowed.find((one) => one === value);
    if (found !== undefined) return found;
    throw labError(
      'option-invalid',
      `${name}: ${option} must be one of ${allowed.join(', ')}, got ${JSON.stringify(value)}`,
      place(),
      suggestion(String(value), allowed),
      name,
    );
  }

  #cpus(cpus: number, name: string, place: Place): number {
    if (Number.isInteger(cpus) && cpus >= 1 && cpus <= 512) return cpus;
    throw labError(
      'cpus-invalid',
      `${name}: cpus must be a whole number from 1 to 512, got ${JSON.stringify(cpus)}`,
      place(),
      'write cpus: 2',
      name,
    );
  }

  #image(image: string, name: string, place: Place): string {
    if (typeof image === 'string' && image !== '' && !/\p{Cc}/u.test(image)) return image;
    throw labError(
      'image-invalid',
      `${name}: image must be a catalogue name, a URL or an absolute path, got ${JSON.stringify(image)}`,
      place(),
      "write image: 'debian-12'",
      name,
    );
  }

  #user(user: string | undefined, name: string, place: Place): string | undefined {
    if (user === undefined || /^[a-z_][a-z0-9_-]{0,31}$/.test(user)) return user;
    throw labError(
      'user-invalid',
      `${name}: ${JSON.stringify(user)} is not a user name`,
      place(),
      'use lower-case letters, digits, underscores and hyphens',
      name,
    );
  }
}
