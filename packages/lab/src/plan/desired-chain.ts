import { internalError } from '@goqemu/core';
import { type BaseKeyProperty, baseKeyProperties, changesDisk, type MachineSpec, shownProperties } from '@goqemu/spec';
import type { Dependency, Lab, MachineDeclaration, OutputValue, StepDeclaration } from '../evaluate/lab.ts';
import { inheritedLineages } from '../fork/inheritance.ts';
import { type BaseMaterial, seedVersions } from '../layer/layer-key.ts';
import type { LabState } from '../state/lab-state.ts';
import type { PlannedPart } from '../step/planned-step.ts';
import { type UploadDigest, uploadDigest } from '../step/upload-digest.ts';
import { previewText, type Text } from '../value/text.ts';
import type { ChainLink } from './desired-machine.ts';
import { KeyNotes } from './provisional-keys.ts';
import { recordedKeys } from './recorded-keys.ts';
import { sourceUnreadable } from './render-template.ts';
import {
  type ChainPlace,
  type ContentReader,
  type ContentText,
  type StepMaterial,
  stepContent,
} from './step-content.ts';

/** What working out chains needs beside the lab. */
export interface ChainContext {
  readonly lab: Lab;
  readonly state: LabState;
  readonly now: number;
  /** What of each secret enters keys. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Machines that give up keys of earlier versions. */
  readonly renewed: ReadonlySet<string>;
}

/** An image as the lab names it, and its row in lab.lock.json. */
export interface ImageNames {
  readonly reference: string;
  readonly name: string;
}

/** A step of a machine, and what it comes after. */
interface StepPlace {
  readonly index: number;
  readonly step: StepDeclaration;
  readonly after: readonly Dependency[];
  /** Key of the link below. */
  readonly below: string;
}

/** What a place in a chain is known by. */
interface LinkKey {
  readonly key: string;
  /** Without the time of a step that does not keep. */
  readonly timeless: string;
  readonly fresh: number | undefined;
}

/** What plans show of the first link of a chain. */
export function baseSummary(
  image: string,
  base: Pick<MachineSpec, BaseKeyProperty>,
): Readonly<Record<string, unknown>> {
  return { image, ...shownProperties(base, baseKeyProperties) };
}

/** Works out the keys of machines in the order of declaration; one builds on those before it. */
export class ChainBuilder {
  readonly keys = new KeyNotes();
  readonly #context: ChainContext;
  readonly #chains = new Map<string, readonly ChainLink[]>();
  /** Index of the last link that is not a machine's own step. */
  readonly #bases = new Map<string, number>();
  readonly #declarations: ReadonlyMap<string, MachineDeclaration>;
  readonly #digests = new Map<string, Promise<UploadDigest>>();
  readonly #recorded: (machine: string) => ReadonlySet<string>;
  readonly #reader: ContentReader = {
    text: (text) => this.#text(text),
    digest: (source, machine, step) => this.#digest(source, machine, step),
  };

  constructor(context: ChainContext) {
    this.#context = context;
    this.#declarations = new Map(context.lab.machines.map((machine) => [machine.name, machine]));
    this.#recorded = recordedKeys(context.state, context.lab.machines);
  }

  async build(machine: MachineDeclaration, base: BaseMaterial, image: ImageNames): Promise<readonly ChainLink[]> {
    const chain: ChainLink[] = machine.from
      ? this.#inherited(machine.from, machine)
      : [this.#first(machine, base, image)];
    this.#bases.set(machine.name, chain.length - 1);
    this.#chains.set(machine.name, chain); // its own later steps may refer to it
    for (const [index, step] of machine.steps.entries()) {
      const after = index === 0 ? [...machine.after, ...step.after] : step.after;
      chain.push(await this.#link(machine, { index, step, after, below: chain.at(-1)?.key ?? '' }));
    }
    return chain;
  }

  /** Index in a machine's chain after its first `steps` own steps. */
  place(dependency: Dependency): ChainPlace {
    return { machine: dependency.machine, index: (this.#bases.get(dependency.machine) ?? 0) + dependency.steps };
  }

  /** Late values of the lab's outputs, by the layers that they belong to. */
  outputs(value: OutputValue): OutputValue {
    if (Array.isArray(value)) return value.map((item: OutputValue) => this.outputs(item));
    if (typeof value !== 'object' || value === null) return value;
    if ('$text' in value) return { $text: this.#text(value.$text as Text).planned } as unknown as OutputValue;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.outputs(item as OutputValue)]));
  }

  #first(machine: MachineDeclaration, base: BaseMaterial, image: ImageNames): ChainLink {
    const isDiskOpen = machine.disk === undefined;
    const made = seedVersions.map((seed) => ({
      version: seed,
      key: this.keys.base({ base, seed, image: image.name, isDiskOpen }),
    }));
    const { key, version } = this.#known(machine.name, made);
    return {
      key,
      name: 'ready',
      summary: baseSummary(image.reference, base),
      cut: true,
      checkpoints: namesAt(machine, 0),
      waitsFor: machine.steps.length === 0 ? this.#places(machine.after) : [],
      captures: false,
      ...(version === seedVersions[0] ? {} : { older: { version, today: seedVersions[0] } }),
    };
  }

  /** Of one thing by today's version and by earlier ones: the one that is recorded, else today's. */
  #known<T extends { readonly key: string }>(machine: string, made: readonly T[]): T {
    const recorded = this.#context.renewed.has(machine) ? undefined : this.#recorded(machine);
    const found = made.find(({ key }) => recorded?.has(key)) ?? made[0];
    if (!found) throw internalError('nothing has no version');
    return found;
  }

  #inherited(from: Dependency, machine: MachineDeclaration): ChainLink[] {
    const { index } = this.place(from);
    return (this.#chains.get(from.machine) ?? []).slice(0, index + 1).map((link, position) => ({
      ...link,
      checkpoints: position === index ? namesAt(machine, 0) : [],
      waitsFor: position === index ? [...link.waitsFor, ...this.#places(machine.after)] : link.waitsFor,
    }));
  }

  async #link(machine: MachineDeclaration, { index, step, after, below }: StepPlace): Promise<ChainLink> {
    const built = await stepContent(machine.name, step, this.#reader);
    const places = [...this.#places(after), ...built.places];
    const dependsOn = this.#places(after).map(({ machine: name, index: at }) => this.#keyAt(name, at));
    // A step that has to do with another machine is this machine's own: a copy of its outcome would be a
    // worker that never joined. Such layers are not shared.
    const own = places.some((place) => place.machine !== machine.name) ? { machineId: machine.identity.machineId } : {};
    const captures = step.kind === 'run' && step.capture !== undefined;
    const made = built.materials.map((material) => ({
      version: material.version,
      ...this.#linkKey(step, below, { ...material, ...own }, dependsOn),
    }));
    const { timeless, fresh, key, version } = this.#known(machine.name, made);
    const [{ version: today }] = built.materials;
    const checkpoints = namesAt(machine, index + 1);
    return {
      key,
      name: step.name,
      summary: built.summary,
      step: built.step,
      cut: changesDisk(built.step) || checkpoints.length > 0,
      checkpoints,
      waitsFor: places.filter((place) => place.machine !== machine.name),
      captures,
      ...(captures || 'machineId' in own ? { bound: true as const } : {}),
      ...(fresh === undefined ? {} : { expires: true as const, timed: { key: timeless, ranAt: fresh } }),
      ...(version === today ? {} : { older: { version, today } }),
      ...(built.crlf?.length ? { crlf: built.crlf } : {}),
    };
  }

  #linkKey(step: StepDeclaration, below: string, material: StepMaterial, dependsOn: readonly string[]): LinkKey {
    const captures = step.kind === 'run' && step.capture !== undefined;
    const keys = (lineage: string): LinkKey => {
      // Captured output is kept in this state: another lab's layer would come without it.
      const timeless = this.keys.step(below, { ...material, ...(captures ? { lineage } : {}) }, dependsOn);
      const fresh = this.#freshness(step, timeless);
      return { timeless, fresh, key: fresh === undefined ? timeless : this.keys.step(timeless, { ranAt: fresh }, []) };
    };
    const { state } = this.#context;
    const inherited = captures ? inheritedLineages(state).map(keys) : [];
    return inherited.find((one) => state.captures[one.key]) ?? keys(state.lineage);
  }

  /** The time that enters the key of a step that does not keep; undefined for one that does. */
  #freshness(step: StepDeclaration, timeless: string): number | undefined {
    const { now, state } = this.#context;
    if (step.cache === 'always') return undefined;
    if (step.cache === 'never') return now;
    const last = state.runs[timeless];
    return last !== undefined && now < last + step.cache.ttlMs ? last : now;
  }

  #text(text: Text): ContentText {
    const planned: PlannedPart[] = [];
    const material: unknown[] = [];
    const places: ChainPlace[] = [];
    for (const part of text) {
      if (typeof part === 'string') {
        planned.push(part);
        material.push(part);
      } else if ('secret' in part.late) {
        planned.push({ secret: part.late.secret, from: part.late.from, quote: part.quote });
        material.push({ secret: this.#context.fingerprints[part.late.secret], quote: part.quote });
      } else {
        const { machine, name } = part.late.capture;
        const steps = this.#declarations.get(machine)?.steps.findIndex((step) => step.name === name) ?? -1;
        const place = this.place({ machine, steps: steps + 1 });
        const key = this.#keyAt(place.machine, place.index);
        places.push(place);
        planned.push({ capture: key, quote: part.quote });
        material.push({ capture: key, quote: part.quote });
      }
    }
    return { planned, material, preview: previewText(text), places };
  }

  #places(dependencies: readonly Dependency[]): readonly ChainPlace[] {
    return dependencies.map((dependency) => this.place(dependency));
  }

  #keyAt(machine: string, index: number): string {
    const key = this.#chains.get(machine)?.[index]?.key;
    if (key === undefined) throw internalError(`${machine} has no place ${index} yet`);
    return key;
  }

  #digest(source: string, machine: string, step: StepDeclaration): Promise<UploadDigest> {
    const known = this.#digests.get(source);
    if (known) return known;
    const digest = uploadDigest(source).catch((error: unknown) => {
      throw sourceUnreadable(source, `${machine}/${step.name}`, error, step.location);
    });
    this.#digests.set(source, digest);
    return digest;
  }
}

function namesAt(machine: MachineDeclaration, steps: number): readonly string[] {
  return machine.checkpoints.filter((checkpoint) => checkpoint.steps === steps).map((checkpoint) => checkpoint.name);
}
