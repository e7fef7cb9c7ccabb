import { randomBytes } from 'node:crypto';
import { hasErrorCode, sleep } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import type { VmSpec } from '../vm/vm-spec.ts';

type GuestAgentClient = Awaited<ReturnType<Machine['agent']>>;
type Limits = { readonly signal?: AbortSignal };

/**
 * A process of the guest that a cut leaves waiting in its RAM: after the restore it sets the clock and reseeds the random
 * generator. It is there already, while starting any program in an emulated guest takes longer than all else of a
 * restore, and it can do what takes an ioctl. Guests with neither Perl nor Python do without.
 */
export interface Standby {
  readonly pid: number;
  /** The agent's handle of the FIFO that it reads one line from: the time, and a seed. */
  readonly handle: number;
}

const name = 'the process on standby';
/** Seconds until one that nobody has a word for ends by itself: its goqemu may have been killed. */
const patienceSeconds = 120;
/** Milliseconds for the shell to make the FIFO. */
const startMs = 3_000;
/** Milliseconds for the process to do its work. */
const workMs = 10_000;

/** clock_settime(2) in the system calls of each architecture (Linux, arch/…/entry/syscalls). */
const clockSettime: Record<VmSpec['arch'], number> = { amd64: 227, arm64: 112 };

/** random(4): 0x5207 is RNDRESEEDCRNG. What is written is mixed in, and takes effect with the reseed. */
export function standbyScript(arch: VmSpec['arch'], fifo: string): string {
  const perl = `alarm ${patienceSeconds}; open(F, "<", $ARGV[0]) or exit 1; unlink $ARGV[0];
exit 0 unless defined($_ = <F>); /^(\\d+)\\.(\\d+) (\\w+)/ or exit 2;
syscall(${clockSettime[arch]}, 0, pack("qq", $1, $2 * 1000000)) == 0 or exit 3;
open(R, ">", "/dev/urandom") or exit 4; syswrite(R, $3); ioctl(R, 0x5207, 0);`;
  const python = `import fcntl, os, signal, sys, time
signal.alarm(${patienceSeconds}); fifo = open(sys.argv[1]); os.unlink(sys.argv[1])
words = fifo.readline().split()
if words:
    time.clock_settime(time.CLOCK_REALTIME, float(words[0]))
    pool = os.open("/dev/urandom", os.O_WRONLY); os.write(pool, words[1].encode())
    try: fcntl.ioctl(pool, 0x5207)
    except OSError: pass`;
  return `mkfifo -m 600 ${fifo} || exit 5
command -v perl >/dev/null && exec perl -e '${perl}' ${fifo}
command -v python3 >/dev/null && exec python3 -ISE -c '${python}' ${fifo}
rm ${fifo}; exit 6`;
}

/** Starts one; undefined in a guest that cannot have one. */
export async function startStandby(
  agent: GuestAgentClient,
  arch: VmSpec['arch'],
  limits: Limits,
): Promise<Standby | undefined> {
  const fifo = `/run/goqemu-${randomBytes(6).toString('hex')}`;
  const command = { path: '/bin/sh', arg: ['-c', standbyScript(arch, fifo)], 'capture-output': false };
  const { pid } = await agent.execute('guest-exec', command, limits);
  for (const deadline = Date.now() + startMs; Date.now() < deadline; ) {
    // A shell that has ended has removed the FIFO: opening comes after the look.
    const { exited } = await agent.execute('guest-exec-status', { pid }, limits);
    if (exited) return undefined;
    const handle = await openFifo(agent, fifo, limits);
    if (handle !== undefined) return { pid, handle };
    await sleep(5, limits.signal);
  }
  return undefined;
}

/** For reading and writing: a FIFO that nobody reads would hold the whole agent up otherwise (fifo(7)). */
async function openFifo(agent: GuestAgentClient, path: string, limits: Limits): Promise<number | undefined> {
  return agent.execute('guest-file-open', { path, mode: 'r+' }, limits).catch(notThere);
}

/** Lets it end without having done anything: the machine that was cut goes on and needs no new time. */
export async function dismissStandby(agent: GuestAgentClient, { pid, handle }: Standby, limits: Limits): Promise<void> {
  await agent.execute('guest-file-close', { handle }, limits);
  await agent.waitForExec(pid, { path: name, timeoutMs: workMs, ...limits });
}

/**
 * Has it do its work.
 *
 * @returns false when it is not there any more, or failed
 */
export async function useStandby(agent: GuestAgentClient, { pid, handle }: Standby, limits: Limits): Promise<boolean> {
  const line = `${(Date.now() / 1000).toFixed(3)} ${randomBytes(32).toString('hex')}\n`;
  const written = await agent
    .execute('guest-file-write', { handle, 'buf-b64': Buffer.from(line).toString('base64') }, limits)
    .catch(notThere);
  if (!written) return false;
  await agent.execute('guest-file-flush', { handle }, limits);
  const result = await agent.waitForExec(pid, { path: name, timeoutMs: workMs, ...limits }).catch(notThere);
  await agent.execute('guest-file-close', { handle }, limits);
  return result?.exitCode === 0;
}

/** The agent says so when it knows no such file, handle or process. */
function notThere(error: unknown): undefined {
  if (hasErrorCode(error, 'qga-command-failed')) return undefined;
  throw error;
}
