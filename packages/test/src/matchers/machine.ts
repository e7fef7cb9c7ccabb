import { askGuest } from '../ask/ask-guest.ts';
import { baselineMissing } from '../changes/baseline.ts';
import type { Baseline } from '../changes/baseline-types.ts';
import { globPattern } from '../changes/glob.ts';
import { compareScript, ownedScript } from '../changes/manifest-script.ts';
import { type Changes, type FileChange, type PackageChange, readChanges } from '../changes/read-changes.ts';
import type { Question } from '../expect/question.ts';
import { checkOptions, checkPath, checkText, optionInvalid } from '../options/check-options.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbedMachine } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What may have changed on a machine. */
export interface AllowedChanges {
  /** Names of packages, with the files that they own. @default none @example ['curl', /^postgresql/] */
  readonly packages?: readonly (string | RegExp)[];
  /** Absolute paths: `*` and `?` stay within one name, `**` does not, `/etc/**` is the folder and all below it. @default none */
  readonly files?: readonly (string | RegExp)[];
}

/** What a machine is expected to be. */
export interface MachineMatchers {
  /**
   * Nothing but this has changed since a baseline: packages by version; files by content, mode and owner, but for those that
   * change by themselves. Looked at once, without waiting; the time limit is 5 minutes by default.
   *
   * @param since @default the last `baseline()` of the machine
   * @throws GoqemuError `baseline-missing`
   */
  toHaveChangedOnly(allowed: AllowedChanges, since?: Baseline, options?: WaitOptions): Promise<void>;
}

export function machineMatchers(machine: ProbedMachine, check: Check): MachineMatchers {
  return {
    toHaveChangedOnly: (allowed, since, options) =>
      check('toHaveChangedOnly', [allowed], { timeout: '5 min', ...options }, (what) => {
        const { packages, files } = readAllowed(what, allowed);
        const baseline = since ?? machine.baselines.last;
        if (!baseline) throw baselineMissing(machine.name, 'none was taken');
        return changesQuestion(machine, baseline, { packages, files });
      }),
  };
}

interface Rules {
  readonly packages: readonly (string | RegExp)[];
  readonly files: readonly (string | RegExp)[];
}

function changesQuestion(machine: ProbedMachine, baseline: Baseline, rules: Rules): Question<Changes> {
  return {
    once: true,
    expected: `no changes but ${rulesWords(rules)}`,
    expectedValue: rules,
    ask: async (call) => {
      const { stdout } = await askGuest(machine.guest, call, { script: compareScript, words: [baseline.folder] });
      if (stdout === 'missing\n') throw baselineMissing(machine.name, 'the guest does not have it any more');
      const changes = readChanges(stdout);
      if (!changes) throw baselineMissing(machine.name, 'the comparison ended early; is the disk of the guest full?');
      const allowed = changes.packages.filter(({ name }) => isNamed(name, rules.packages)).map(({ name }) => name);
      const packages = changes.packages.filter(({ name }) => !isNamed(name, rules.packages));
      const files = changes.files.filter(({ path }) => !isAt(path, rules.files));
      if (files.length === 0 || allowed.length === 0) return { packages, files };
      const words = [baseline.folder, ...new Set(allowed)];
      const owned = await askGuest(machine.guest, call, { script: ownedScript, words });
      const owners = new Set(owned.stdout.split('\n').map(merged));
      return { packages, files: files.filter(({ path }) => !owners.has(merged(path))) };
    },
    holds: ({ packages, files }) => packages.length + files.length === 0,
    got: ({ packages, files }) => {
      const parts = [counted(packages.length, 'package'), counted(files.length, 'file')].filter(Boolean);
      return parts.length > 0 ? `changes of ${parts.join(' and ')} besides` : 'no others';
    },
    gotValue: ({ packages, files }) => ({ packages: packages.slice(0, 100), files: files.slice(0, 100) }),
    evidence: async (changes) =>
      changes && {
        title: 'what has changed besides',
        text: [...changes.packages.map(packageLine), ...changes.files.map(fileLine)].join('\n'),
        from: 'start',
      },
  };
}

function packageLine({ name, before, now }: PackageChange): string {
  if (before === undefined) return `+ package ${name} ${now}`;
  return now === undefined ? `- package ${name} ${before}` : `~ package ${name} ${before} → ${now}`;
}

function fileLine({ path, change, details }: FileChange): string {
  return `${{ created: '+', removed: '-', changed: '~' }[change]} ${path}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}

/** Lists of packages still have the paths from before /bin, /sbin and /lib were merged into /usr. */
function merged(path: string): string {
  return path.replace(/^\/(bin|sbin|lib\w*)\//, '/usr/$1/');
}

function isNamed(name: string, rules: readonly (string | RegExp)[]): boolean {
  return rules.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)));
}

function isAt(path: string, rules: readonly (string | RegExp)[]): boolean {
  return rules.some((rule) => (typeof rule === 'string' ? globPattern(rule) : rule).test(path));
}

function readAllowed(what: string, allowed: unknown): Rules {
  if (allowed === undefined) throw optionInvalid(what, 'allowed', 'an object with packages and files', allowed);
  const { packages = [], files = [] } = checkOptions<AllowedChanges>(what, allowed, ['packages', 'files']);
  for (const [name, list] of Object.entries({ packages, files })) {
    if (!Array.isArray(list)) throw optionInvalid(what, name, 'a list of texts and regular expressions', list);
  }
  for (const one of packages)
    if (!(one instanceof RegExp)) checkText(what, 'packages', one, 'a name or a regular expression');
  for (const one of files) if (!(one instanceof RegExp)) checkPath(`${what}: files`, one);
  return { packages: packages.map(stateless), files: files.map(stateless) };
}

/** An expression with the flag `g` or `y` would continue where it was. */
function stateless(rule: string | RegExp): string | RegExp {
  return typeof rule === 'string' ? rule : new RegExp(rule.source, rule.flags.replace(/[gy]/g, ''));
}

function rulesWords({ packages, files }: Rules): string {
  const parts = [
    packages.length > 0 ? `packages ${packages.join(', ')}` : '',
    files.length > 0 ? `files ${files.join(', ')}` : '',
  ].filter(Boolean);
  return parts.length > 0 ? `of ${parts.join(' and of ')}` : 'those that happen by themselves';
}

function counted(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`;
}
