import { randomBytes } from 'node:crypto';
import { anySignal, hasErrorCode, sleep, withDeadline } from '@goqemu/core';
import { greet, PortLine, protocolVersion } from '@goqemu/guest';
import { type Machine, standbyPortName } from '@goqemu/machine';
import { LineSplitter, type Transport } from '@goqemu/protocol';
import type { VmSpec } from '../vm/vm-spec.ts';

type GuestAgentClient = Awaited<ReturnType<Machine['agent']>>;
/** The machine's port, and what of the session's is at it. */
export type StandbyPort = Pick<Machine, 'openStandbyPort' | 'isStandbyPortTaken'>;
type Limits = { readonly signal?: AbortSignal };

/** Seconds until one that receives nothing ends by itself; it also ends when its goqemu leaves the port. */
const patienceSeconds = 120;
/** Milliseconds for the process to be ready. */
const startMs = 5_000;
/** Milliseconds for the program that runs commands to answer; one that does not is an older process that leaves. */
const greetingMs = 2_000;
/** Milliseconds between looks whether that process has left. */
const leavingMs = 20;
/** Milliseconds between looks whether the process that writes out the guest's data is still there. */
const goneMs = 500;
/** Milliseconds for the process to do its work, or to leave. */
const workMs = 5_000;

/** Numbers of system calls (Linux, arch/…/entry/syscalls). */
const calls: Record<VmSpec['arch'], { readonly getTime: number; readonly setTime: number; readonly exit: number }> = {
  amd64: { getTime: 228, setTime: 227, exit: 231 },
  arm64: { getTime: 113, setTime: 112, exit: 94 },
};

/** Milliseconds within which a time must be answered for: it was as old as that, at most, when the clock was set. */
const latencyMs = 40;
/** How often the time is sent until it arrives soon enough; in a guest that resumes, the first is late. */
const rounds = 6;

/**
 * random(4): 0x5207 is RNDRESEEDCRNG; what is written is mixed in, and takes effect with the reseed. All that is called
 * after the restore was called once before, so that the linker has found it. It takes each time that it is sent, until it
 * is dismissed or goqemu leaves the port. Then it ends: one that has set the clock, and was not dismissed, a second
 * later, when a restored guest has other things behind it. That end is the kernel's alone; until then the port is taken,
 * and the next one waits for it. When the port has no reader it ends without a word, which would wait for one.
 */
export function standbyScript(arch: VmSpec['arch']): string {
  const { getTime, setTime, exit } = calls[arch];
  const perl = `alarm ${patienceSeconds};
for (1..80) { last if sysopen(P, $ARGV[0], 2); select(undef, undef, undef, 0.05) }
open(R, ">", "/dev/urandom") or exit 4; syswrite(R, "x"); ioctl(R, 0x5207, 0);
sub words { return unpack("A10 x A9 x A64", $_[0]) } ($s, $n, $r) = words("0" x 85);
$t = pack("qq", 0, 0); syscall(${getTime}, 0, $t); syswrite(P, "ready\\n");
$used = 0;
while ($got = sysread(P, $l, 85)) { if ($got != 85) { syswrite(P, "bye\\n"); exit 0 } ($s, $n, $r) = words($l); $used = 1;
$t = pack("qq", $s, $n); $e = syscall(${setTime}, 0, $t) == 0 ? "set\\n" : "failed\\n";
syswrite(R, $r); ioctl(R, 0x5207, 0); syswrite(P, $e) }
sleep 1 if $used; syscall(${exit}, 0);`;
  const python = `import fcntl, os, signal, sys, time
signal.alarm(${patienceSeconds})
for turn in range(80):
    try: port = os.open(sys.argv[1], os.O_RDWR); break
    except OSError: time.sleep(0.05)
pool = os.open("/dev/urandom", os.O_WRONLY)
def reseed(seed):
    os.write(pool, seed)
    try: fcntl.ioctl(pool, 0x5207)
    except OSError: pass
reseed(b"x"); os.write(port, b"ready\\n"); used = False
while True:
    line = os.read(port, 85)
    if not line: break
    if len(line) != 85: os.write(port, b"bye\\n"); os._exit(0)
    used = True
    try: time.clock_settime_ns(time.CLOCK_REALTIME, int(line[:10] + line[11:20])); said = b"set\\n"
    except OSError: said = b"failed\\n"
    reseed(line[21:]); os.write(port, said)
if used: time.sleep(1)
os._exit(0)`;
  return `for entry in /sys/class/virtio-ports/*; do
  read -r name < "$entry/name" && [ "$name" = ${standbyPortName} ] && port=/dev/\${entry##*/}
done
[ "$port" ] || exit 5
if command -v perl >/dev/null; then perl -e '${perl}' "$port" &
elif command -v python3 >/dev/null; then python3 -ISE -c '${python}' "$port" &
else exit 6; fi`;
}

/** Seconds and nanoseconds since 1970, and a seed: 85 characters. */
function timeAndSeed(): string {
  const now = Date.now();
  const seconds = Math.floor(now / 1000)
    .toString()
    .padStart(10, '0');
  const nanoseconds = ((now % 1000) * 1e6).toString().padStart(9, '0');
  return `${seconds}.${nanoseconds} ${randomBytes(32).toString('hex')}`;
}

/**
 * A process of the guest that a cut leaves waiting in its RAM, at the standby port: when the guest resumes, after the cut
 * as after a restore, it sets the clock and reseeds the random generator. It is there already, while starting any program in an emulated guest takes longer
 * than all else of a restore; it can do what takes an ioctl; and it wakes beside the agent, on another processor where
 * the guest has one. The program that runs commands does it where it is there; a process of its own ends when it has done
 * it. Guests with neither Perl nor Python do without.
 */
export class Standby {
  readonly #port: Transport;
  /** It is the program that runs commands, and not one that an earlier goqemu left in a layer's RAM. */
  readonly #canSync: boolean;
  readonly #words: string[] = [];
  #left = false;
  #received: () => void = () => undefined;

  private constructor(port: Transport, { canSync = false } = {}) {
    this.#port = port;
    this.#canSync = canSync;
    const splitter = new LineSplitter((line) => {
      this.#words.push(line.toString());
      this.#received();
    }, 4096);
    port.onBytes((bytes) => splitter.push(bytes));
    void port.closed.then(() => {
      this.#left = true;
      this.#received();
    });
  }

  /**
   * Starts one, and waits until it listens.
   *
   * @returns undefined in a guest that cannot have one, or is not that far in time
   */
  static async start(
    machine: StandbyPort,
    agent: GuestAgentClient,
    arch: VmSpec['arch'],
    { signal }: Limits,
  ): Promise<Standby | undefined> {
    let port = await machine.openStandbyPort(signal).catch(noPort);
    if (port && (await machine.isStandbyPortTaken(signal ? { signal } : {}))) {
      // By the program that runs commands, which waits in the place of a process of its own; or by one that leaves.
      const version = await waitingVersion(machine, port, signal);
      if (version !== undefined) return new Standby(port, { canSync: version === protocolVersion });
      port = await machine.openStandbyPort(signal).catch(noPort);
    }
    if (!port) return undefined;
    const standby = new Standby(port);
    try {
      const command = { path: '/bin/sh', args: ['-c', standbyScript(arch)], capture: false, timeoutMs: startMs };
      const { exitCode } = await agent.exec({ ...command, ...(signal ? { signal } : {}) });
      if (exitCode === 0 && (await standby.#word('starting the process on standby', startMs, signal)) === 'ready')
        return standby;
    } catch (error) {
      await port.close();
      if (hasErrorCode(error, 'timeout') || hasErrorCode(error, 'qga-exec-timeout')) return undefined;
      throw error;
    }
    await port.close();
    return undefined;
  }

  /** Goes to one that a restored guest has; the guest may still stand still. */
  static async join(machine: Pick<StandbyPort, 'openStandbyPort'>, { signal }: Limits): Promise<Standby> {
    return new Standby(await machine.openStandbyPort(signal));
  }

  /**
   * Sends it the time and a seed, again until the time arrives soon enough. The first may lie in the port when the guest
   * resumes.
   *
   * @returns false when the clock is not set within some 40 ms: it is gone, failed, or did not answer within 5 s
   */
  async setClock({ signal }: Limits): Promise<boolean> {
    try {
      for (let round = 1; ; round++) {
        const sent = performance.now();
        this.#port.write(timeAndSeed());
        const said = await this.#word('the process on standby', workMs, signal);
        const isSoon = performance.now() - sent <= latencyMs;
        // One that an earlier version left sets the clock once, and says "done".
        if (said !== 'set') return said === 'done' && isSoon;
        if (isSoon || round === rounds) return isSoon;
      }
    } catch (error) {
      if (hasErrorCode(error, 'timeout')) return false;
      throw error;
    }
  }

  /**
   * Has the guest write out what it holds in memory (sync(2)), without a process for it.
   *
   * @returns false where it cannot, or is gone: another process has to
   * @throws GoqemuError `timeout`
   */
  async sync(
    machine: Pick<StandbyPort, 'isStandbyPortTaken'>,
    milliseconds: number,
    { signal }: Limits,
  ): Promise<boolean> {
    if (!this.#canSync) return false;
    const over = new AbortController();
    const until = anySignal(signal, over.signal);
    const isGone = async () => {
      do await sleep(goneMs, until);
      while (await machine.isStandbyPortTaken({ signal: until }));
      return false;
    };
    try {
      this.#port.write('sync\n');
      return await Promise.race([this.#isSynced(milliseconds, until), isGone()]);
    } finally {
      over.abort(new Error('the data of the guest is written out'));
    }
  }

  /** A greeting that was sent again is answered again, ahead of the word. */
  async #isSynced(milliseconds: number, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const word = await this.#word('writing out the data of the guest', milliseconds, signal);
      if (word === undefined || word.endsWith('synced')) return word !== undefined;
    }
  }

  /** Lets it end at once. */
  async dismiss({ signal }: Limits): Promise<void> {
    try {
      this.#port.write('\n');
      await this.#word('dismissing the process on standby', workMs, signal);
    } finally {
      await this.#port.close();
    }
  }

  /** Leaves the port without a word, which ends it; never fails. */
  leave(): Promise<void> {
    return this.#port.close();
  }

  /** The next that it says; undefined when the port has closed. */
  #word(name: string, milliseconds: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    return withDeadline(name, milliseconds, signal, async () => {
      if (this.#words.length === 0 && !this.#left)
        await new Promise<void>((resolve) => {
          this.#received = resolve;
        });
      return this.#words.shift();
    });
  }
}

/** Of the program that runs commands, where that is at the port and waits there now; the port is closed where it is not. */
async function waitingVersion(
  machine: StandbyPort,
  port: Transport,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const over = new AbortController();
  const until = anySignal(signal, over.signal);
  const leaving = async () => {
    while (await machine.isStandbyPortTaken({ signal: until })) await sleep(leavingMs, until);
  };
  try {
    const greeting = await Promise.race([greet(new PortLine(port), 'standby', greetingMs, until), leaving()]);
    if (!greeting) await port.close();
    return greeting ? greeting.version : undefined;
  } catch (error) {
    await port.close();
    throw error;
  } finally {
    over.abort(new Error('the port was looked at'));
  }
}

/** A machine that was started before there was such a port, or a command of another process at it. */
function noPort(error: unknown): undefined {
  if (hasErrorCode(error, 'standby-port-absent') || hasErrorCode(error, 'locked')) return undefined;
  throw error;
}
