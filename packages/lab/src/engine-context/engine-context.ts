import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { GoqemuError } from '@goqemu/core';
import type { Backend, BackendCall, LabScope } from '../backend/backend.ts';
import type { BackendProgress } from '../backend/progress.ts';
import type { EngineEvent, UnstampedEvent } from '../events/engine-event.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import { MaskedStream, maskData } from '../secret/mask.ts';
import { SecretVault } from '../secret/secret-vault.ts';
import type { LabState } from '../state/lab-state.ts';
import { type ParsedState, type ReadState, readState, type StateOwner } from '../state/read-state.ts';
import { settleCheckpoints } from '../state/settle-checkpoints.ts';
import { FileStateStorage, type StateStorage } from '../state/state-storage.ts';
import type { EngineOptions } from './engine-options.ts';

/** What every verb of the engine works with. */
export class EngineContext {
  readonly backend: Backend;
  readonly storage: StateStorage;
  readonly vault: SecretVault;
  readonly owner: StateOwner;
  readonly command: string;
  readonly labFile: string;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly kinds: readonly ResourceKind[];
  readonly #options: EngineOptions;
  readonly #emit: (event: EngineEvent) => void;
  #newLineage: string | undefined;
  readonly #parsed: ParsedState = {};

  /** @param kinds what the engine knows of resources, each after those whose resources its own may need */
  constructor(options: EngineOptions, kinds: readonly ResourceKind[]) {
    this.#options = options;
    const { backend, lab, stack = 'default', stateFolder, labFolder, home } = options;
    this.backend = backend;
    this.kinds = kinds;
    this.owner = { lab, stack, backend: backend.kind };
    this.command = options.command;
    this.labFile = options.labFile;
    this.storage = options.storage ?? new FileStateStorage({ stateFolder, labFolder, home, lab, stack });
    const clock = options.clock ?? Date;
    this.now = () => clock.now();
    this.random = options.random ?? ((bytes) => randomBytes(bytes));
    this.#emit = options.emit ?? (() => undefined);
    this.vault = new SecretVault({
      storage: this.storage,
      labFolder,
      environment: options.environment ?? process.env,
      random: this.random,
      promptSecret: options.promptSecret,
    });
  }

  /** The state as it is; before the first apply, an empty one with the lineage that it will have. */
  async read(): Promise<ReadState> {
    const newLineage = () => {
      this.#newLineage ??= Buffer.from(this.random(6)).toString('hex');
      return this.#newLineage;
    };
    const read = await readState(this.storage, this.owner, newLineage, this.#parsed);
    const { lineage, forkedFrom } = read.state;
    if (read.exists) this.storage.checkPlace(read.state);
    this.#refuseUnknown(read.state);
    if (forkedFrom) this.vault.useKeyOf(forkedFrom.lineages.at(-1) ?? lineage, this.storage.stack(forkedFrom.root));
    else this.vault.useKeyOf(lineage, this.storage);
    const call = this.plainCall(read.state.lineage, 'checkpoints', undefined);
    const state = await settleCheckpoints(read.state, (keys) => this.backend.findLayers(keys, call));
    return state === read.state ? read : { ...read, state };
  }

  /** What the engine knows of the resources of a kind. */
  kind(name: string): ResourceKind {
    const found = this.kinds.find((one) => one.kind === name);
    if (!found) throw newer('plan-newer', `the plan has a ${name}`);
    return found;
  }

  /** Resources that this engine can neither inspect nor delete would be left behind. */
  #refuseUnknown({ resources }: LabState): void {
    const known = new Set(this.kinds.map(({ kind }) => kind));
    const unknown = Object.keys(resources).find((kind) => !known.has(kind));
    if (unknown !== undefined) throw newer('state-newer', `the lab has a ${unknown}`);
  }

  /** The same lab in another stack. */
  sibling(stack: string): EngineContext {
    return new EngineContext(this.optionsFor(stack), this.kinds);
  }

  optionsFor(stack: string): EngineOptions {
    return { ...this.#options, stack, storage: this.storage.stack(stack) };
  }

  /** A plan for a lab that has never been applied carries the lineage that the first state will have. */
  adoptLineage(lineage: string): void {
    this.#newLineage = lineage;
  }

  emit(event: UnstampedEvent): void {
    const stamped = { at: new Date(this.now()).toISOString(), ...event } as EngineEvent;
    this.#emit(maskData(stamped, this.vault.sensitive));
  }

  /** A call of the backend; its progress becomes events, with secrets masked even where they are cut in two. */
  call(
    lineage: string,
    signal: AbortSignal | undefined,
    progress: (event: BackendProgress) => void,
  ): BackendCall & { readonly flush: () => void } {
    // Every machine that is looked at listens for the end: many listeners are no leak here, and no warning is due.
    const ended = signal ?? new AbortController().signal;
    setMaxListeners(0, ended);
    const scope: LabScope = { lab: this.owner.lab, stack: this.owner.stack, lineage };
    const streams = {
      stdout: new MaskedStream(() => this.vault.sensitive),
      stderr: new MaskedStream(() => this.vault.sensitive),
    };
    return {
      scope,
      signal: ended,
      progress: (event) => {
        if (event.kind !== 'output') {
          progress(event);
          return;
        }
        const text = streams[event.stream].push(event.text);
        if (text !== '') progress({ ...event, text });
      },
      flush: () => {
        for (const stream of ['stdout', 'stderr'] as const) {
          const text = streams[stream].end();
          if (text !== '') progress({ kind: 'output', stream, text });
        }
      },
    };
  }

  /** For calls that belong to no operation. */
  plainCall(lineage: string, subject: string, signal: AbortSignal | undefined): BackendCall {
    return this.call(lineage, signal, (progress) => {
      if (progress.kind === 'notice') this.emit({ type: 'notice', code: progress.code, message: progress.message });
      else this.emit({ type: 'progress', subject, progress });
    });
  }
}

function newer(code: 'plan-newer' | 'state-newer', what: string): GoqemuError {
  return new GoqemuError({
    code,
    source: 'environment',
    message: `${what}, which this goqemu does not know: a newer one made it`,
    hint: 'update goqemu: npm install -g goqemu@latest',
  });
}
