import { type AskCall, askGuest } from '../ask/ask-guest.ts';
import type { ProbedMachine } from '../probes/probe.ts';
import type { ChangeRules } from './allowed-changes.ts';
import { baselineMissing } from './baseline.ts';
import type { Baseline } from './baseline-types.ts';
import { globPattern } from './glob.ts';
import { compareScript, ownedScript } from './manifest-script.ts';
import { type Changes, readChanges } from './read-changes.ts';

/**
 * What has changed on a machine since a baseline, besides what the rules allow.
 *
 * @throws GoqemuError `baseline-missing`, `expectation-unanswered`
 */
export async function findChanges(
  machine: Pick<ProbedMachine, 'name' | 'guest'>,
  baseline: Baseline,
  rules: ChangeRules,
  call: AskCall,
): Promise<Changes> {
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
}

/** Lists of packages still have the paths from before /bin, /sbin and /lib were merged into /usr. */
function merged(path: string): string {
  return path.replace(/^\/(bin|sbin|lib\w*)\//, '/usr/$1/');
}

function isNamed(name: string, rules: ChangeRules['packages']): boolean {
  return rules.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)));
}

function isAt(path: string, rules: ChangeRules['files']): boolean {
  return rules.some((rule) => (typeof rule === 'string' ? globPattern(rule) : rule).test(path));
}
