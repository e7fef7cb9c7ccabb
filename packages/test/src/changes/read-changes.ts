/** A package that is not as it was. */
export interface PackageChange {
  readonly name: string;
  /** Undefined where it was not installed. */
  readonly before?: string;
  /** Undefined where it is not installed any more. */
  readonly now?: string;
}

/** A file, folder or link that is not as it was. */
export interface FileChange {
  readonly path: string;
  readonly change: 'created' | 'removed' | 'changed';
  /** Of what changed: `content`, `mode 0644 → 0755`, … */
  readonly details: readonly string[];
}

export interface Changes {
  readonly packages: readonly PackageChange[];
  readonly files: readonly FileChange[];
}

/** What the guest's script found, or undefined when it did not end. Times alone are no change. */
export function readChanges(text: string): Changes | undefined {
  if (!text.endsWith('end\n')) return undefined;
  const rows = text.split('\n').map((line) => line.split('\t'));
  const sums = (kind: string) =>
    new Map(rows.flatMap(([is, path = '', sum = '']) => (is === kind ? [[path, sum]] : [])));
  const before = sums('before');
  const now = sums('now');
  const packages = new Map<string, PackageChange>();
  const files: FileChange[] = [];
  for (const [kind, name = '', was = '', is = '', ...more] of rows) {
    if (kind === 'package') packages.set(name, packageChange(name, was, is));
    if (kind === 'created' || kind === 'removed') files.push({ path: name, change: kind, details: [] });
    if (kind !== 'touched') continue;
    const sum = before.get(name);
    const details = differences(entry(was), entry(is), more, sum === undefined ? undefined : sum === now.get(name));
    if (details.length > 0) files.push({ path: name, change: 'changed', details });
  }
  const byPath = (a: FileChange, b: FileChange) => (a.path < b.path ? -1 : 1);
  return { packages: [...packages.values()], files: files.sort(byPath) };
}

function packageChange(nameAndArchitecture: string, before: string, now: string): PackageChange {
  const name = nameAndArchitecture.replace(/:[^:]*$/, '');
  return { name, ...(before ? { before } : {}), ...(now ? { now } : {}) };
}

interface Entry {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  readonly size: string;
}

const typeLetters: Readonly<Record<string, string>> = {
  '1': 'p',
  '2': 'c',
  '4': 'd',
  '6': 'b',
  '8': 'f',
  a: 'l',
  c: 's',
};

/** GNU's `f 644 0 0 12`, or stat's `81a4 0 0 12`, whose first digit is the type (inode(7)). */
function entry(text: string): Entry {
  const fields = text.split(' ');
  if (fields.length === 5) {
    const [type = '', mode = '', user, group, size = ''] = fields;
    return { type, mode: mode.padStart(4, '0'), owner: `${user}:${group}`, size };
  }
  const [hex = '', user, group, size = ''] = fields;
  const bits = Number.parseInt(hex, 16);
  const mode = (bits & 0o7777).toString(8).padStart(4, '0');
  return { type: typeLetters[(bits >> 12).toString(16)] ?? '?', mode, owner: `${user}:${group}`, size };
}

/** @param isSame whether the content is, where it was read both times */
function differences(
  was: Entry,
  is: Entry,
  [oldTarget, target, oldTimes = '', times = '']: readonly string[],
  isSame: boolean | undefined,
) {
  if (was.type !== is.type) return [`type ${was.type} → ${is.type}`];
  const details: string[] = [];
  if (was.type !== 'l' && was.mode !== is.mode) details.push(`mode ${was.mode} → ${is.mode}`);
  if (was.owner !== is.owner) details.push(`owner ${was.owner} → ${is.owner}`);
  if (was.type === 'l' && oldTarget !== target) details.push(`target ${oldTarget} → ${target}`);
  if (was.type === 'f' && !(isSame ?? (was.size === is.size && oldTimes.split(' ')[0] === times.split(' ')[0])))
    details.push('content');
  return details;
}
