/** Milliseconds that each class of command may take before it counts as lost. */
export interface CommandTimeouts {
  /** `query-…` and similar commands, which answer from memory; default 10 000. */
  readonly query: number;
  /** Everything else; default 30 000. */
  readonly change: number;
  /** What opens, flushes or moves disks, or carries a human command; default 300 000. */
  readonly slow: number;
}

/** Milliseconds for a QMP command of each class. */
export const defaultCommandTimeouts: CommandTimeouts = { query: 10_000, change: 30_000, slow: 300_000 };

/** These answer only when the disk or the peer did; users of other managers ran into shorter limits. */
const slowCommands = new Set([
  'blockdev-add',
  'blockdev-del',
  'blockdev-reopen',
  'blockdev-snapshot-delete-internal-sync',
  'block_resize',
  'block-export-add',
  'change-backing-file',
  'dump-guest-memory',
  'human-monitor-command',
  'memsave',
  'migrate-incoming',
  'pmemsave',
  'query-blockstats',
  'query-named-block-nodes',
  'quit',
  'screendump',
  'stop',
  'transaction',
]);

const classes = new Map<string, keyof CommandTimeouts>();

export function commandTimeout(command: string, timeouts: CommandTimeouts): number {
  const known = classes.get(command);
  if (known) return timeouts[known];
  const found = classOf(command);
  // Bounded, because names may come from anywhere.
  if (classes.size < 1_000) classes.set(command, found);
  return timeouts[found];
}

function classOf(command: string): keyof CommandTimeouts {
  if (slowCommands.has(command)) return 'slow';
  return /^(?:x-)?query-|^qom-(?:get|list)|-list-properties$|^qmp_capabilities$/.test(command) ? 'query' : 'change';
}
