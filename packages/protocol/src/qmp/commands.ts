import type { QmpCommands, QmpEvents } from './schema-types.ts';

/** Name of a QMP command. */
export type QmpCommandName = keyof QmpCommands & string;
/** Name of a QMP event. */
export type QmpEventName = keyof QmpEvents & string;
/** Arguments of a QMP command. */
export type QmpArguments<C extends QmpCommandName> = QmpCommands[C]['arguments'];
/** What a QMP command returns. */
export type QmpResult<C extends QmpCommandName> = QmpCommands[C]['returns'];

/** Commands that start a background job under an id of the caller's. */
export type JobCommandName = {
  [C in QmpCommandName]: true extends HasJobId<QmpArguments<C>> ? C : never;
}[QmpCommandName];

/** Whether the arguments of a command name a job. */
export type HasJobId<A> = A extends unknown
  ? string extends keyof A
    ? false
    : 'job-id' extends keyof A
      ? true
      : false
  : never;

/** An event as it came over the wire (QEMU docs/interop/qmp-spec, “Asynchronous events”). */
export interface QmpEvent<E extends QmpEventName = QmpEventName> {
  readonly event: E;
  readonly data: QmpEvents[E];
  /** The host's clock when it happened; −1 when QEMU could not read it. */
  readonly timestamp: { readonly seconds: number; readonly microseconds: number };
}

/** Any event, distinguished by `event`. One that is newer than goqemu's types still arrives at run time. */
export type AnyQmpEvent = { [E in QmpEventName]: QmpEvent<E> }[QmpEventName];

/** How long a command may take, and when to give it up. */
export interface ExecuteOptions {
  /** Milliseconds until the command counts as lost; default by its class, see {@link CommandTimeouts}. */
  readonly timeoutMs?: number;
  /** Gives the command up; QEMU may still carry it out. */
  readonly signal?: AbortSignal;
}

/** Arguments come first, and may be left out where all of them are optional. */
export type ExecuteParameters<Arguments, Options> =
  Record<never, never> extends Arguments ? [args?: Arguments, options?: Options] : [args: Arguments, options?: Options];
