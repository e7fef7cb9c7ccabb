import { askGuest } from '../ask/ask-guest.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a folder is expected to be. */
export interface MountMatchers {
  /** A file system is mounted at exactly this path. */
  toBeMounted(options?: WaitOptions): Promise<void>;
}

export type MountProbe = ProbeOf<'mount', string>;

interface Mount {
  readonly source: string;
  readonly path: string;
  readonly type: string;
  readonly options: string;
}

export function mountMatchers({ subject, machine: { guest } }: MountProbe, check: Check): MountMatchers {
  const path = subject.replace(/(?<=.)\/+$/, '');
  return {
    toBeMounted: (options) =>
      check('toBeMounted', [], options, () => ({
        expected: `a file system mounted at ${path}`,
        ask: async (call) => mounts((await askGuest(guest, call, { script: 'cat /proc/self/mounts' })).stdout),
        holds: (found: readonly Mount[]) => found.some((mount) => mount.path === path),
        got: (found) => {
          const mount = found.findLast((one) => one.path === path);
          return mount ? `${mount.source}, ${mount.type}, ${mount.options}` : 'nothing is mounted there';
        },
        evidence: async (found = []) => ({
          title: 'what is mounted',
          text: found
            .filter(({ source }) => source.startsWith('/'))
            .map((one) => `${one.source} at ${one.path}, ${one.type}`)
            .join('\n'),
          from: 'start',
        }),
      })),
  };
}

/** fstab(5) and proc(5): blanks within a field are octal. */
function mounts(table: string): readonly Mount[] {
  const plain = (field = '') =>
    field.replaceAll(/\\([0-7]{3})/g, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
  return table.split('\n').flatMap((line) => {
    const [source, path, type, options] = line.split(' ');
    return path === undefined
      ? []
      : [{ source: plain(source), path: plain(path), type: plain(type), options: plain(options) }];
  });
}
