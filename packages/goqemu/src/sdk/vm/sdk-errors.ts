import { GoqemuError, type LockHolder } from '@goqemu/core';

const quoted = (name: string) => JSON.stringify(name);

export function notRunning(name: string, what: string, why: string, hint: string): GoqemuError {
  return new GoqemuError({
    code: 'vm-not-running',
    source: 'user',
    subject: name,
    message: `${what} needs VM ${quoted(name)} to run, and ${why}`,
    hint,
  });
}

export function alreadyRunning(name: string): GoqemuError {
  return new GoqemuError({
    code: 'vm-already-running',
    source: 'user',
    subject: name,
    message: `VM ${quoted(name)} runs already`,
    hint: `use it as it is, or await stop() first to start it again`,
  });
}

export function inUse(name: string, holder: Pick<LockHolder, 'command'> & { readonly pid: number }): GoqemuError {
  const here = holder.pid === process.pid;
  return new GoqemuError({
    code: 'vm-in-use',
    source: 'user',
    subject: name,
    message: here
      ? `VM ${quoted(name)} is driven by another object of this process`
      : `VM ${quoted(name)} is driven by process ${holder.pid} (${holder.command})`,
    hint: here
      ? 'use that object, or detach() it first'
      : 'wait until that process has finished, or have it call detach(); status() works meanwhile',
    data: { pid: holder.pid },
  });
}

export function unknownVm(name: string, known: readonly string[]): GoqemuError {
  return new GoqemuError({
    code: 'vm-unknown',
    source: 'user',
    subject: name,
    message: `there is no VM ${quoted(name)} on this host`,
    hint: known.length > 0 ? `there are: ${known.join(', ')}` : 'make one with createVM({ name })',
  });
}

export function released(name: string): GoqemuError {
  return new GoqemuError({
    code: 'vm-released',
    source: 'user',
    subject: name,
    message: `this object was detached from VM ${quoted(name)}`,
    hint: `get a new one with attachVM(${quoted(name)}) or createVM()`,
  });
}

export function notMade(name: string): GoqemuError {
  return new GoqemuError({
    code: 'vm-not-made',
    source: 'user',
    subject: name,
    message: `VM ${quoted(name)} has not been made yet`,
    hint: 'await start() first',
  });
}

/** Of a VM whose disk is gone with the host's next start. */
export function inMemory(name: string): GoqemuError {
  return new GoqemuError({
    code: 'suspend-refused',
    source: 'user',
    subject: name,
    message: `the RAM of ${name} cannot be kept: its disk is in memory (snapshots: 'memory')`,
    hint: 'take a snapshot, or shut it down with stop()',
  });
}
