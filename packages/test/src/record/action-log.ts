import { boundedText, outputBounds } from './bounded-text.ts';
import { type Caller, pointAtCaller } from './caller.ts';
import { currentStep } from './current-step.ts';
import { recordedError } from './recorded-error.ts';
import type { Action, RepeatableCall } from './test-record.ts';

/** What is known of an action when it begins. */
export interface ActionStart extends Pick<Action, 'kind' | 'title' | 'machine'> {
  readonly again?: RepeatableCall | undefined;
  /** Whether it may leave machines other than they were; it returns a promise then. */
  readonly changes?: boolean;
  /** Where the stack of its error begins. @default where it was made */
  readonly caller?: Caller;
}

/** Actions that are kept from the beginning and from the end of a test. */
const mostActions = 1000;
/** Characters of all outputs together; after that each is short. */
const outputBudget = 512 * 1024;
const shortBounds = { first: 512, last: 1536 };
const longestTitle = 2000;

/** The actions of one run of a test. */
export class ActionLog {
  readonly #began = performance.now();
  readonly #first: Action[] = [];
  readonly #last: Action[] = [];
  readonly #mask: () => (text: string) => string;
  /** Called before an action that changes machines, which waits for it. It never throws. */
  before: ((action: Pick<Action, 'n' | 'title'>) => Promise<void>) | undefined;
  #count = 0;
  #printed = 0;

  /** @param mask what takes secrets out of a text, asked for when there is one */
  constructor(mask: () => (text: string) => string = () => (text) => text) {
    this.#mask = mask;
  }

  /** Milliseconds since the test began. */
  get nowMs(): number {
    return Math.round(performance.now() - this.#began);
  }

  get actions(): readonly Action[] {
    return [...this.#first, ...this.#last];
  }

  /** How many were not kept. */
  get omitted(): number {
    return this.#count - this.#first.length - this.#last.length;
  }

  /** Does something as an action. What it throws, or rejects with, is the action's error, and is thrown on. */
  perform<T>(start: ActionStart, act: (n: number) => T): T {
    const at = this.#begin(start);
    const fail = (error: unknown): never => {
      if (start.caller) pointAtCaller(error, start.caller);
      this.#end(at, { error });
      throw error;
    };
    const { before } = this;
    let value: T | Promise<T>;
    try {
      value = start.changes && before ? before(at).then(() => this.#actNow(at, act)) : act(at.n);
    } catch (error) {
      return fail(error);
    }
    if (!(value instanceof Promise)) {
      this.#end(at, { value });
      return value;
    }
    return value.then((settled: unknown) => {
      this.#end(at, { value: settled });
      return settled;
    }, fail) as T;
  }

  /** What was done before it is not its own time. */
  #actNow<T>(action: Action, act: (n: number) => T): T {
    Object.assign(action, { atMs: this.nowMs } satisfies Partial<Action>);
    return act(action.n);
  }

  #begin({ again, title, kind, machine }: ActionStart): Action {
    const mask = this.#mask();
    const step = currentStep();
    const repeated = again && withoutSecrets(again, mask);
    const action: Action = {
      n: ++this.#count,
      ...(step === undefined ? {} : { step }),
      kind,
      title: boundedText(mask(title), { first: longestTitle, last: 0 }),
      ...(machine === undefined ? {} : { machine }),
      atMs: this.nowMs,
      result: 'unfinished',
      ...(repeated ? { again: repeated } : {}),
    };
    if (this.#first.length < mostActions) this.#first.push(action);
    else {
      this.#last.push(action);
      if (this.#last.length > mostActions) this.#last.shift();
    }
    return action;
  }

  #end(action: Action, ended: { readonly value?: unknown; readonly error?: unknown }): void {
    const failed = 'error' in ended;
    const mask = this.#mask();
    Object.assign(action, {
      durationMs: this.nowMs - action.atMs,
      result: failed ? 'failed' : 'passed',
      ...(failed ? { error: recordedError(ended.error, mask) } : this.#outcome(ended.value, mask)),
    } satisfies Partial<Action>);
  }

  /** What a command printed, and how it ended. */
  #outcome(value: unknown, mask: (text: string) => string): Partial<Action> {
    if (typeof value !== 'object' || value === null || !('exitCode' in value)) return {};
    const { exitCode, stdout, stderr } = value as Record<string, unknown>;
    return {
      ...(typeof exitCode === 'number' || exitCode === null ? { exitCode } : {}),
      ...this.#output('stdout', stdout, mask),
      ...this.#output('stderr', stderr, mask),
    };
  }

  #output(name: 'stdout' | 'stderr', text: unknown, mask: (text: string) => string): Partial<Action> {
    if (typeof text !== 'string' || text === '') return {};
    const kept = boundedText(mask(text), this.#printed < outputBudget ? outputBounds : shortBounds);
    this.#printed += kept.length;
    return { [name]: kept };
  }
}

/** A call that holds a secret is not written down, and so cannot be made again. */
function withoutSecrets(call: RepeatableCall, mask: (text: string) => string): RepeatableCall | undefined {
  const text = JSON.stringify(call.args);
  return text.length <= 65_536 && mask(text) === text ? call : undefined;
}
