import { visible } from '@goqemu/core';
import { machineOf } from '../probes/machine-probes.ts';
import type { ActionLog, ActionStart } from './action-log.ts';
import { argumentText } from './argument-text.ts';
import { callerOf } from './caller.ts';
import type { RepeatableCall } from './test-record.ts';

/** Whose calls are recorded. */
export interface Actor {
  readonly kind: RepeatableCall['on'] | 'lab';
  /** As tests know it. */
  readonly name: string;
}

/** Calls that make something of a machine or a network other than it was, and need no more than their arguments. */
const repeatable: Readonly<Record<Actor['kind'], ReadonlySet<string>>> = {
  machine: new Set(['exec', 'sendCommand', 'upload', 'stop', 'start', 'restart', 'suspend', 'resume']),
  screen: new Set(['press', 'type', 'move', 'click']),
  network: new Set(['setFaults', 'partition', 'unplug', 'plug', 'heal']),
  lab: new Set(),
};

const longestCommand = 1000;

/** The same object, each of whose calls is an action of the test. @param quiet calls that are none */
export function recorded<T extends object>(target: T, log: ActionLog, actor: Actor, quiet: readonly string[] = []): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      if (typeof value !== 'function' || typeof key === 'symbol' || key === 'constructor' || quiet.includes(key))
        return value;
      return function call(...args: unknown[]) {
        const start = { ...described(actor, key, args), caller: callerOf(call) };
        return log.perform(start, () => (value as (...given: unknown[]) => unknown)(...args));
      };
    },
  });
}

function described(actor: Actor, method: string, args: readonly unknown[]): ActionStart {
  const { kind, name } = actor;
  const isScreen = kind === 'screen';
  return {
    kind: isScreen ? 'machine' : kind,
    title: visible(`${name}${isScreen ? '.screen' : ''}.${method}(${shownArguments(method, args)})`),
    ...(kind === 'machine' || isScreen ? { machine: name } : {}),
    ...(repeatable[kind].has(method) ? { changes: true, again: asData(actor, method, args) } : {}),
  };
}

/** A command with a label has one because its text may hold a secret. */
function shownArguments(method: string, args: readonly unknown[]): string {
  const label = method === 'exec' || method === 'sendCommand' || method === 'stream' ? labelOf(args[1]) : undefined;
  const [first, ...more] = args.map(namesOf);
  const shown = args.length === 0 ? [] : [argumentText(label ?? first, longestCommand)];
  return [...shown, ...more.flatMap((value) => settings(value) ?? [])].join(', ');
}

function labelOf(options: unknown): string | undefined {
  const { label } = (options ?? {}) as { readonly label?: unknown };
  return typeof label === 'string' ? label : undefined;
}

/** Settings that say how, and not what is put in: environment and input may hold what is not for everyone to see. */
function settings(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return argumentText(value);
  const {
    environment: _environment,
    input: _input,
    label: _label,
    signal: _signal,
    ...shown
  } = value as Record<string, unknown>;
  const plain = Object.fromEntries(Object.entries(shown).filter(([, one]) => typeof one !== 'function'));
  return Object.keys(plain).length > 0 ? argumentText(plain) : undefined;
}

/** The call as data; undefined where it is more than that, or holds what the trace does not. */
function asData({ kind, name }: Actor, method: string, args: readonly unknown[]): RepeatableCall | undefined {
  if (kind === 'lab') return undefined;
  const kept: unknown[] = [];
  for (const value of args) {
    const plain = withoutSignal(namesOf(value));
    if (!isPlain(plain)) return undefined;
    kept.push(plain);
  }
  const options = kept[1] as Record<string, unknown> | undefined;
  const isCommand = method === 'exec' || method === 'sendCommand';
  if (isCommand && ['environment', 'input', 'label'].some((key) => options?.[key] !== undefined)) return undefined;
  return { on: kind, name, method, args: kept };
}

/** A machine stands for its name, also in a list. */
function namesOf(value: unknown): unknown {
  return Array.isArray(value) ? value.map((one) => machineOf(one)?.name ?? one) : (machineOf(value)?.name ?? value);
}

function withoutSignal(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('signal' in value)) return value;
  const { signal: _signal, ...others } = value;
  return others;
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value === 'object' && value !== null)
    return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
  return value === null || ['string', 'boolean', 'undefined'].includes(typeof value) || Number.isFinite(value);
}
