import { dirname, isAbsolute, resolve, sep } from 'node:path';
import { type Logger, statIfThere } from '@goqemu/core';
import { QmpClient } from '@goqemu/protocol';
import type { SocketEndpoint } from '../sockets/machine-sockets.ts';
import { openEndpoint } from '../sockets/turns.ts';
import { ambiguous, notFound } from './attach-errors.ts';
import { type Candidate, candidateOf, type ProcessSources } from './candidate.ts';
import { realPath, watchPeer } from './peer.ts';

export interface MeetOptions extends ProcessSources {
  /** Milliseconds for QEMU to greet. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly logger?: Logger;
}

/** A QEMU whose monitor answers, and is known to be that very process's. */
export interface MetMachine {
  readonly candidate: Candidate;
  readonly monitor: SocketEndpoint;
  /** Another monitor of it that was free. */
  readonly spare?: SocketEndpoint;
  readonly qmp: QmpClient;
}

/** Connects to the first monitor of a process that is free. */
export async function meetProcess(pid: number, options: MeetOptions): Promise<MetMachine> {
  const candidate = await candidateOf(pid, options);
  if (!candidate) {
    throw notFound(
      `there is no process ${pid}, or this host does not show its arguments`,
      'look at the process list: QEMU may run as another user',
    );
  }
  const { free, busy } = await sorted(candidate, options);
  const [monitor, spare] = [...free, ...busy];
  if (!monitor) throw unreachable(candidate);
  const met = await meet([candidate], monitor, options);
  return { ...met, ...(spare && free.includes(spare) ? { spare } : {}) };
}

/** Connects to a socket, and finds the process behind it. */
export async function meetSocket(socketPath: string, options: MeetOptions): Promise<MetMachine> {
  const path = await realPath(resolve(socketPath));
  if (!(await statIfThere(path)))
    throw notFound(`there is no socket at ${path}`, 'is QEMU running, and is this the path of its QMP monitor?');
  const candidates = await candidatesAt(path, options);
  if (candidates.length === 0) {
    throw notFound(
      `no QEMU of this host has a QMP monitor at ${path}`,
      'start QEMU with -qmp unix:PATH,server=on,wait=off; one of another user may not be shown',
    );
  }
  const met = await meet(candidates, { kind: 'unix', path }, options);
  const { free } = await sorted(met.candidate, options);
  const others = await Promise.all(
    free.map(async (other) => (other.kind === 'unix' && (await realPath(other.path)) === path ? [] : [other])),
  );
  const [spare] = others.flat();
  return { ...met, ...(spare ? { spare } : {}) };
}

/** Every process of this host whose arguments have a monitor at this path. */
async function candidatesAt(path: string, options: MeetOptions): Promise<Candidate[]> {
  const words = ['-qmp', '-mon', '-readconfig'];
  const pids = (await Promise.all(words.map((word) => options.commandLines.containing(word)))).flat();
  const all = await Promise.all([...new Set(pids)].map((pid) => candidateOf(pid, options)));
  const at = await Promise.all(
    all.map(async (candidate) => {
      for (const monitor of candidate?.monitors ?? []) {
        if (monitor.kind !== 'unix') continue;
        if ((await realPath(monitor.path)) === path) return true;
        // A daemon has left the folder that its relative path began at; who answers is looked at later.
        const isRelative = !isAbsolute(monitor.path) || dirname(monitor.path) === sep;
        if (isRelative && path.endsWith(sep + monitor.path.replace(/^\/+/, ''))) return true;
      }
      return false;
    }),
  );
  return all.filter((candidate, index): candidate is Candidate => candidate !== undefined && at[index] === true);
}

/** The monitor at which goqemu's readers take turns must not be held. */
async function sorted({ pid, monitors: all, found, endpointOf }: Candidate, { openFiles }: MeetOptions) {
  const turns = found.named.tools && endpointOf(found.named.readers);
  const monitors = all.filter((monitor) => JSON.stringify(monitor) !== JSON.stringify(turns));
  const watches = await Promise.all(monitors.map((monitor) => watchPeer(pid, monitor, openFiles)));
  return {
    free: monitors.filter((_, index) => !watches[index]?.isBusy),
    busy: monitors.filter((_, index) => watches[index]?.isBusy),
  };
}

/** Connects, and takes the one of the candidates that has taken the connection. */
async function meet(
  candidates: readonly Candidate[],
  monitor: SocketEndpoint,
  options: MeetOptions,
): Promise<MetMachine> {
  const { openFiles, timeoutMs, signal, logger } = options;
  const watches = await Promise.all(candidates.map(({ pid }) => watchPeer(pid, monitor, openFiles)));
  const transport = await openEndpoint(monitor, signal, true, timeoutMs);
  const qmp = await QmpClient.connect(transport, {
    greetingTimeoutMs: timeoutMs,
    signal,
    ...(logger ? { logger } : {}),
  });
  try {
    const answers = await Promise.all(watches.map((watch) => watch.answered()));
    const answering = candidates.filter((_, index) => answers[index] === 'yes');
    const unseen = candidates.filter(({ program }, index) => answers[index] === 'unseen' && isQemu(program));
    const [candidate] = answering.length > 0 ? answering : unseen;
    if (candidate && (answering.length === 1 || unseen.length === 1) && (await isSaid(candidate, qmp)))
      return { candidate, monitor, qmp };
    throw await notThisOne(candidates, monitor, qmp, options);
  } catch (error) {
    await qmp.close();
    throw error;
  }
}

/** Where the host does not show what a process has open, its program's name has to do. */
function isQemu(program: string): boolean {
  return /qemu|kvm/i.test(program);
}

async function isSaid({ found }: Candidate, qmp: QmpClient): Promise<boolean> {
  return found.uuid === undefined || found.uuid === (await qmp.execute('query-uuid')).UUID.toLowerCase();
}

/** Names those whose arguments have the monitor, and the one that answers there, where it can be found. */
async function notThisOne(
  candidates: readonly Candidate[],
  monitor: SocketEndpoint,
  qmp: QmpClient,
  options: MeetOptions,
): Promise<Error> {
  const place = monitor.kind === 'unix' ? monitor.path : `${monitor.host}:${monitor.port}`;
  if (monitor.kind !== 'unix') return ambiguous(place, candidates, undefined);
  await qmp.close(); // a monitor serves one client: to see who takes a connection, another one is made
  const known = new Set(candidates.map(({ pid }) => pid));
  const others = (await candidatesAt(await realPath(monitor.path), options)).filter(({ pid }) => !known.has(pid));
  try {
    const met = others.length > 0 ? await meet(others, monitor, options) : undefined;
    await met?.qmp.close();
    return ambiguous(place, candidates, met?.candidate);
  } catch {
    options.signal.throwIfAborted();
    return ambiguous(place, [...candidates, ...others], undefined);
  }
}

function unreachable({ pid, program, reasons }: Candidate): Error {
  const why = reasons.length > 0 ? reasons.join('; ') : 'it has no QMP monitor among its arguments';
  return notFound(
    `process ${pid} (${program}) cannot be attached to: ${why}`,
    'start QEMU with a monitor that listens: -qmp unix:PATH,server=on,wait=off',
  );
}
