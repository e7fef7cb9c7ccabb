import { checkResourceName, type SourceLocation, shownValue } from '@goqemu/core';
import type { Architecture, HostPort, MachineTimeouts } from '@goqemu/spec';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { CheckpointReference, MachineReference } from '../definition/references.ts';
import { describeSource, isLateValue, type LateSource } from '../value/late-value.ts';
import type { SecretSource } from '../value/secret-source.ts';
import { isShellText, sourcesOf, type Text, type TextInput, textOf } from '../value/text.ts';
import { type Allocations, Allocator } from './allocations.ts';
import { MachineOptionChecks } from './check-machine-options.ts';
import { checkOptions } from './check-options.ts';
import type { Dependency, MachineDeclaration } from './lab.ts';
import { labError, locate, suggestion } from './lab-error.ts';
import { MachineRecorder, referencesOf, withPlace } from './machine-recorder.ts';
import { NetworkRecorder } from './network-recorder.ts';
import { readProperties } from './read-properties.ts';
import { readTimeouts } from './read-timeouts.ts';
import { ForwardRecorder } from './record-forwards.ts';
import { markPlace } from './source-location.ts';

type Place = () => SourceLocation | undefined;

interface RecordedMachine {
  readonly recorder: MachineRecorder;
  readonly fixed: Omit<MachineDeclaration, 'steps' | 'checkpoints' | 'location'>;
  readonly place: Place;
}

/** What machines have that do not name it. */
interface MachineDefaults {
  readonly timeouts: MachineTimeouts;
  readonly architecture: Architecture;
}

const onHost = { network: 'host' } as const;

/** Collects the machines of one evaluation. */
export class LabRecorder {
  readonly #folders: { readonly labFile: string; readonly labFolder: string };
  readonly #allocator: Allocator;
  readonly #machines = new Map<string, RecordedMachine>();
  /** Names by their lower case: folders and host names do not tell them apart everywhere. */
  readonly #spellings = new Map<string, string>();
  readonly #secrets = new Map<string, SecretSource>();
  readonly #forwards: ForwardRecorder;
  readonly #defaults: MachineDefaults;
  readonly #usual: string[] = [];
  readonly networks: NetworkRecorder;
  /** Machines by the name that they had before. */
  readonly #formerNames = new Map<string, string>();

  constructor(
    folders: { readonly labFile: string; readonly labFolder: string },
    allocations: Allocations,
    defaults: MachineDefaults,
  ) {
    this.#defaults = defaults;
    this.#folders = folders;
    this.#allocator = new Allocator(allocations);
    this.#forwards = new ForwardRecorder(this.#allocator);
    this.networks = new NetworkRecorder(folders.labFile, allocations);
  }

  add(kind: 'vm' | 'template', name: string, options: MachineOptions): MachineRecorder {
    const place = markPlace(this.#folders.labFile);
    locate(place, () => checkResourceName(name, kind));
    const twin = this.#spellings.get(name.toLowerCase());
    if (twin !== undefined) {
      const first = this.#machines.get(twin)?.place();
      throw labError('machine-duplicate', {
        message: `two machines are called "${name}"${first?.line ? `; the first is declared in line ${first.line}` : ''}`,
        location: place(),
        hint: 'give each machine its own name; upper and lower case count as the same',
        subject: name,
      });
    }
    checkOptions(kind, options, { subject: name, place });
    const fixed = this.#fixed(kind, name, options, place);
    const recorder = new MachineRecorder(name, fixed, {
      ...this.#folders,
      dependency: (reference, at) => this.#dependency(reference, at),
      text: (input, what, at) => this.#text(input, what, at),
    });
    this.#machines.set(name, { recorder, fixed, place });
    this.#spellings.set(name.toLowerCase(), name);
    return recorder;
  }

  declarations(): readonly MachineDeclaration[] {
    return [...this.#machines.values()].map(({ recorder, fixed, place }) =>
      withPlace({ ...fixed, steps: recorder.steps, checkpoints: recorder.checkpoints }, place),
    );
  }

  /** Names of the machines whose architecture is the default. */
  ofUsualArchitecture(): readonly string[] {
    return this.#usual;
  }

  freshPorts(): readonly HostPort[] {
    return this.#allocator.fresh;
  }

  /** The secrets used by steps, and those in what the program returned. */
  secretsWith(returned: unknown): Readonly<Record<string, SecretSource>> {
    const visit = (value: unknown): void => {
      if (isLateValue(value) || isShellText(value)) {
        for (const source of sourcesOf(textOf(value))) this.#noteSecret(source, () => undefined);
      } else if (value instanceof MachineRecorder)
        return; // a name is all that it is among outputs
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    };
    visit(returned);
    return Object.fromEntries(this.#secrets);
  }

  #fixed(kind: 'vm' | 'template', name: string, options: MachineOptions, place: Place): RecordedMachine['fixed'] {
    const base = options.from === undefined ? undefined : this.#base(options.from, name, place);
    const check = new MachineOptionChecks(name, place);
    if (base) check.inherited(options);
    const settings = readProperties({ check, options, base }, this.#defaults.architecture);
    if (!base && options.arch === undefined) this.#usual.push(name);
    check.firmwareFits(settings.firmware, settings.arch);
    const hostname = check.label(options.hostname, 'hostname');
    const renamedFrom = check.label(options.renamedFrom, 'renamedFrom');
    this.#noteFormerName(name, renamedFrom, place);
    const before = this.#allocator.recorded(name, renamedFrom);
    const { cards: _cards, ...identity } = this.#allocator.identity(name, hostname, renamedFrom);
    const cards = this.networks.cards({ name, identity }, options.networks, before, place);
    const network = check.oneOf(options.network ?? 'user', ['user', 'host'], 'network') === 'host' ? onHost : {};
    return {
      name,
      kind,
      image: base?.image ?? check.image(options.image ?? 'debian-12'),
      ...(options.from ? { from: this.#dependency(options.from, place) } : {}),
      ...settings,
      identity: cards.length === 0 ? identity : { ...identity, cards },
      ...(cards.length === 0 ? {} : { networks: [...new Set(cards.map(({ network }) => network))] }),
      ...network,
      ...this.networks.wayOut(cards, network),
      ...this.#forwards.record({ name, formerName: renamedFrom }, options.forward ?? {}, place),
      timeouts: { ...(base?.timeouts ?? this.#defaults.timeouts), ...readTimeouts(options.timeouts, name, place) },
      after: referencesOf(options.after).map((reference) => this.#dependency(reference, place)),
      protect: check.flag(options.protect ?? false, 'protect') && !this.#allocator.isFork,
      retain: check.flag(options.retain ?? false, 'retain') && !this.#allocator.isFork,
      ignoreChanges: check.ignored(options.ignoreChanges ?? []),
      renamedFrom,
    };
  }

  /** Two machines cannot both continue as the same one: they would share its disk, its address and its ports. */
  #noteFormerName(name: string, formerName: string | undefined, place: Place): void {
    if (formerName === undefined) return;
    const other = this.#formerNames.get(formerName);
    if (other === undefined) {
      this.#formerNames.set(formerName, name);
      return;
    }
    throw labError('rename-duplicate', {
      message: `${name}: ${other} is renamed from "${formerName}" already`,
      location: place(),
      hint: 'leave renamedFrom out of the machine that is new',
      subject: name,
    });
  }

  #base(from: CheckpointReference, name: string, place: Place): RecordedMachine['fixed'] {
    const base = this.#machines.get(from?.machine);
    if (base) return base.fixed;
    throw labError('checkpoint-unknown', {
      message: `${name}: from must be a checkpoint of a machine of this lab`,
      location: place(),
      hint: 'write from: base.at.installed',
      subject: name,
    });
  }

  #dependency(reference: MachineReference, place: Place): Dependency {
    if (typeof reference !== 'object' || reference === null)
      throw labError('machine-unknown', {
        message: `after must be a machine or a checkpoint of this lab, got ${shownValue(reference)}`,
        location: place(),
        hint: "write after: db for what lab.vm('db') returned, or after: db.at.ready",
      });
    // A machine has a method of that name; only a checkpoint has a text there.
    const checkpoint =
      'checkpoint' in reference && typeof reference.checkpoint === 'string' ? reference.checkpoint : undefined;
    const name = 'machine' in reference ? reference.machine : reference.name;
    const machine = this.#machines.get(name);
    if (!machine) {
      throw labError('machine-unknown', {
        message: `no machine called "${String(name)}" has been declared above`,
        location: place(),
        hint: suggestion(String(name), [...this.#machines.keys()]),
      });
    }
    if (checkpoint === undefined) return { machine: name, steps: machine.recorder.steps.length };
    const found = machine.recorder.checkpoints.find((one) => one.name === checkpoint);
    if (found) return { machine: name, steps: found.steps };
    throw labError('checkpoint-unknown', {
      message: `${name} has no checkpoint "${checkpoint}"`,
      location: place(),
      hint: suggestion(
        checkpoint,
        machine.recorder.checkpoints.map((one) => one.name),
      ),
    });
  }

  #text(input: TextInput, what: string, place: Place): Text {
    if (typeof input !== 'string' && !isLateValue(input) && !isShellText(input)) {
      throw labError('text-invalid', {
        message: `${what} must be a text, got ${shownValue(input)}`,
        location: place(),
        hint: 'write a string or sh`…`',
      });
    }
    const text = textOf(input);
    for (const source of sourcesOf(text)) {
      this.#noteSecret(source, place);
      if (
        'capture' in source &&
        !this.#machines.get(source.capture.machine)?.recorder.outputs.has(source.capture.name)
      ) {
        throw labError('output-unknown', {
          message: `${what} uses ${describeSource(source)}, which is not of this lab`,
          location: place(),
          hint: 'use an output of a machine declared above',
        });
      }
    }
    return text;
  }

  #noteSecret(source: LateSource, place: Place): void {
    if (!('secret' in source)) return;
    const known = this.#secrets.get(source.secret);
    if (known && JSON.stringify(known) !== JSON.stringify(source.from)) {
      throw labError('secret-duplicate', {
        message: `two secrets are called "${source.secret}" and come from different places`,
        location: place(),
        hint: 'give each secret its own name',
      });
    }
    this.#secrets.set(source.secret, source.from);
  }
}
