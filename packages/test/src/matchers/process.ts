import { askGuest } from '../ask/ask-guest.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a process is expected to be. */
export interface ProcessMatchers {
  /** At least one process of this name runs, in whatever state but as a zombie. */
  toBeRunning(options?: WaitOptions): Promise<void>;
}

export type ProcessProbe = ProbeOf<'process', string>;

/** A process as the kernel names it. */
interface Running {
  readonly pid: string;
  readonly name: string;
}

export function processMatchers({ subject, machine: { guest } }: ProcessProbe, check: Check): ProcessMatchers {
  return {
    toBeRunning: (options) =>
      check('toBeRunning', [], options, () => ({
        expected: `a running process ${subject}`,
        ask: async (call) => read((await askGuest(guest, call, { script: find, words: [subject] })).stdout),
        holds: (found: readonly Running[]) => found.length > 0,
        got: (found) => (found.length > 0 ? `running as ${found.map(({ pid }) => pid).join(', ')}` : 'no such process'),
        evidence: async (_found, call) => {
          const { stdout } = await askGuest(guest, call, { script: all });
          const names = [...new Set(read(stdout).map(({ name }) => name))].sort();
          return { title: 'what runs', text: names.join(', ').replaceAll(/(.{80,180}?), /g, '$1,\n'), from: 'start' };
        },
      })),
  };
}

function read(lines: string): readonly Running[] {
  return lines.split('\n').flatMap((line) => {
    const [, pid, name] = /^(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined || name === undefined ? [] : [{ pid, name }];
  });
}

/**
 * proc(5): `comm` is the name, cut to 15 bytes; of a longer one its beginning and its program, or the first argument, decide.
 * Only the shell's own commands for each process: a guest may have many, and each program it starts takes a while.
 */
const find = `short=$(printf %s "$1" | cut -b 1-15); cd /proc
for p in [0-9]*; do
read -r comm < "$p/comm" && [ "$comm" = "$short" ] || continue
grep -q '^State:[[:space:]]*Z' "$p/status" && continue
if [ "$short" != "$1" ]; then
exe=$(readlink "$p/exe"); first=$(tr '\\0' '\\n' < "$p/cmdline" | head -n 1); second=$(tr '\\0' '\\n' < "$p/cmdline" | sed -n 2p)
[ "\${exe##*/}" = "$1" ] || [ "\${first##*/}" = "$1" ] || [ "\${second##*/}" = "$1" ] || continue
fi
echo "$p $comm"
done 2>/dev/null
:`;

/** Those of the kernel have no memory of their own, and so no command line; the shell's `read` leaves its NULs out. */
const all = `cd /proc; for p in [0-9]*; do args=; read -r args < "$p/cmdline"
[ -n "$args" ] && read -r comm < "$p/comm" && echo "$p $comm"
done 2>/dev/null
:`;
