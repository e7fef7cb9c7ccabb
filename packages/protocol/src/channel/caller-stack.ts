/** The place of a call, kept cheaply: V8 writes the text only when somebody reads it. */
export interface CallerStack {
  readonly stack?: string;
}

/** @param below the public function whose own frames are left out */
export function callerStack(below: (...args: never[]) => unknown): CallerStack {
  const holder: CallerStack = {};
  Error.captureStackTrace(holder, below);
  return holder;
}

/** Lets an error that was made while reading a socket point at the line that sent the command. */
export function pointAt<E extends Error>(error: E, caller: CallerStack): E {
  const frames = caller.stack?.split('\n').slice(1).join('\n');
  if (frames) error.stack = `${error.name}: ${error.message}\n${frames}`;
  return error;
}
