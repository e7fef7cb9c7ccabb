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
/** Milliseconds for the process to be ready. */
const startMs = 5_000;
/** Milliseconds for the process to do its work. */
const workMs = 5_000;
/** Looking sooner only takes time from it. */
const shortestWorkMs = 10;

/** Numbers of system calls (Linux, arch/…/entry/syscalls). */
const calls: Record<VmSpec['arch'], { readonly getTime: number; readonly setTime: number; readonly exit: number }> = {
  amd64: { getTime: 228, setTime: 227, exit: 231 },
  arm64: { getTime: 113, setTime: 112, exit: 94 },
};

/**
 * random(4): 0x5207 is RNDRESEEDCRNG; what is written is mixed in, and takes effect with the reseed. All that is called
 * after the restore was called once before, so that the linker has found it; and the end is the kernel's alone.
 */
export function standbyScript(arch: VmSpec['arch'], fifo: string): string {
  const { getTime, setTime, exit } = calls[arch];
  const perl = `alarm ${patienceSeconds}; open(F, "<", $ARGV[0]) or exit 1;
open(R, ">", "/dev/urandom") or exit 4; syswrite(R, "x"); ioctl(R, 0x5207, 0);
sub words { return unpack("A10 x A9 x A64", $_[0]) } ($s, $n, $r) = words("0" x 85);
$t = pack("qq", 0, 0); syscall(${getTime}, 0, $t);
unlink $ARGV[0]; sysread(F, $l, 85) == 85 or exit 0; ($s, $n, $r) = words($l);
$t = pack("qq", $s, $n); $e = syscall(${setTime}, 0, $t) == 0 ? 0 : 3;
syswrite(R, $r); ioctl(R, 0x5207, 0); syscall(${exit}, $e);`;
  const python = `import fcntl, os, signal, sys, time
signal.alarm(${patienceSeconds}); fifo = os.open(sys.argv[1], os.O_RDONLY)
pool = os.open("/dev/urandom", os.O_WRONLY)
def reseed(seed):
    os.write(pool, seed)
    try: fcntl.ioctl(pool, 0x5207)
    except OSError: pass
reseed(b"x"); os.unlink(sys.argv[1]); line = os.read(fifo, 85)
if line:
    time.clock_settime_ns(time.CLOCK_REALTIME, int(line[:10] + line[11:20])); reseed(line[21:]); os._exit(0)`;
  return `mkfifo -m 600 ${fifo} || exit 5
command -v perl >/dev/null && exec perl -e '${perl}' ${fifo}
command -v python3 >/dev/null && exec python3 -ISE -c '${python}' ${fifo}
rm ${fifo}; exit 6`;
}

/** Seconds and nanoseconds since 1970, and a seed: 85 characters, and the end of the line. */
function line(): string {
  const now = Date.now();
  const seconds = Math.floor(now / 1000)
    .toString()
    .padStart(10, '0');
  const nanoseconds = ((now % 1000) * 1e6).toString().padStart(9, '0');
  return `${seconds}.${nanoseconds} ${randomBytes(32).toString('hex')}\n`;
}

/**
 * Starts one, and waits until it reads: what is written to a FIFO that nobody has opened yet is lost when the writer
 * closes it. Undefined in a guest that cannot have one, or is not that far in time.
 */
export async function startStandby(
  agent: GuestAgentClient,
  arch: VmSpec['arch'],
  limits: Limits,
): Promise<Standby | undefined> {
  const fifo = `/run/goqemu-${randomBytes(6).toString('hex')}`;
  const command = { path: '/bin/sh', arg: ['-c', standbyScript(arch, fifo)], 'capture-output': false };
  const { pid } = await agent.execute('guest-exec', command, limits);
  let handle: number | undefined;
  for (const deadline = Date.now() + startMs; Date.now() < deadline; ) {
    // Opening comes after the look: a FIFO that is gone while the process lives was taken by it.
    const { exited } = await agent.execute('guest-exec-status', { pid }, limits);
    if (exited) break;
    const opened = await openFifo(agent, fifo, limits);
    if (handle !== undefined && opened === undefined) return { pid, handle };
    if (handle === undefined) handle = opened;
    else if (opened !== undefined) await agent.execute('guest-file-close', { handle: opened }, limits);
    await sleep(5, limits.signal);
  }
  // One that comes to read later finds the end of the line, and ends.
  if (handle !== undefined) await agent.execute('guest-file-close', { handle }, limits);
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
 * Has it do its work: in one message, sync and all, which may lie in the port when the guest goes on.
 *
 * @returns false when it is not there any more, failed, or did not end within 5 s
 */
export async function useStandby(agent: GuestAgentClient, { pid, handle }: Standby, limits: Limits): Promise<boolean> {
  const write = { handle, 'buf-b64': Buffer.from(line()).toString('base64') };
  const written = await agent
    .executeTogether(
      [
        { execute: 'guest-file-write', arguments: write },
        { execute: 'guest-file-close', arguments: { handle } }, // which also flushes
      ],
      limits,
    )
    .catch(notThere);
  if (!written) return false;
  await sleep(shortestWorkMs, limits.signal);
  const result = await agent.waitForExec(pid, { path: name, timeoutMs: workMs, ...limits }).catch(notDone);
  return result?.exitCode === 0;
}

/** One that hangs is left to its own end. */
function notDone(error: unknown): undefined {
  if (hasErrorCode(error, 'qga-exec-timeout')) return undefined;
  return notThere(error);
}

/** The agent says so when it knows no such file, handle or process. */
function notThere(error: unknown): undefined {
  if (hasErrorCode(error, 'qga-command-failed')) return undefined;
  throw error;
}
