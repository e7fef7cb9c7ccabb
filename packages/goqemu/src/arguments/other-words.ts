import type { OptionSpecs } from './command-spec.ts';

/** What a word of Vagrant, Terraform, Pulumi, Docker Compose, Multipass, Lima or virsh is here. */
const words: readonly (readonly [words: string, here: string])[] = [
  ['up launch deploy converge provision upgrade update', '"goqemu apply"'],
  ['create new', '"goqemu init" for a lab, "goqemu apply" for its machines'],
  ['preview diff dry-run', '"goqemu plan"'],
  ['reload', '"goqemu restart", or "goqemu apply", which restarts machines whose options have changed'],
  ['halt shutdown poweroff kill', '"goqemu stop"'],
  ['boot poweron', '"goqemu start"'],
  ['reboot reset', '"goqemu restart"'],
  ['pause sleep hibernate park', '"goqemu suspend"'],
  ['unpause wake', '"goqemu resume"'],
  ['taint recreate replace rebuild', '"goqemu apply --replace MACHINE"'],
  [
    'down rm remove delete undeploy purge undefine',
    '"goqemu destroy", or "goqemu destroy --target MACHINE" for one machine; "goqemu stop" keeps their disks',
  ],
  ['ls list ps info state show global-status top port ports', '"goqemu status"'],
  ['inspect describe get', '"goqemu status --json"'],
  ['shell login connect enter', '"goqemu ssh MACHINE"'],
  ['attach', '"goqemu console MACHINE" for the serial console, "goqemu ssh MACHINE" for a shell'],
  ['run', '"goqemu exec MACHINE COMMAND"'],
  ['scp copy transfer upload download push rsync', '"goqemu cp FROM TO", one of them MACHINE:PATH'],
  ['snapshot save backup', '"goqemu checkpoint create NAME"'],
  ['restore revert rollback', '"goqemu checkpoint restore NAME"'],
  ['snapshots checkpoints', '"goqemu checkpoint list"'],
  ['fork clone branch', '"goqemu checkpoint fork NAME"'],
  ['prune gc', '"goqemu checkpoint prune" for cached layers, "goqemu image remove IMAGE" for an image'],
  ['pull fetch', '"goqemu image pull IMAGE"'],
  ['build', '"goqemu image build IMAGE"'],
  ['images box find', '"goqemu image list --all"'],
  ['outputs', '"goqemu output"'],
  ['check lint config', '"goqemu validate"'],
  ['log tail', '"goqemu logs MACHINE"'],
  ['stack workspace stacks', 'the option --stack NAME of each command, such as "goqemu status --stack NAME"'],
  ['edit', 'lab.ts, in your editor; then "goqemu apply"'],
  ['version', '"goqemu --version"'],
];

/** The same for options; `undefined` in the second place when no option is needed. */
const options: readonly (readonly [names: string, option: string | undefined, here: string])[] = [
  ['auto-approve force assume-yes non-interactive no-confirm skip-preview f', 'yes', '--yes'],
  ['var variable', 'param', '--param NAME=VALUE'],
  ['var-file vars', 'params', '--params FILE'],
  ['machine vm only services name', 'target', '--target MACHINE'],
  ['file chdir directory cwd project f', 'lab', '--lab FILE'],
  ['workspace project-name', 'stack', '--stack NAME'],
  ['parallelism jobs', 'parallel', '--parallel N'],
  ['lock-timeout', 'lock-wait', '--lock-wait SECONDS'],
  ['recreate taint force-recreate', 'replace', '--replace MACHINE'],
  ['output format', 'json', '--json'],
  ['dry-run preview', undefined, '"goqemu plan", which changes nothing'],
  ['detach d', undefined, 'no option: machines keep running after the command'],
  ['refresh-only refresh', undefined, '"goqemu refresh"'],
  ['provision', undefined, 'no option: apply runs the steps that have changed'],
];

/** What a command of another tool is called here, as a hint. */
export function otherWord(word: string): string | undefined {
  const here = words.find(([names]) => names.split(' ').includes(word))?.[1];
  return here === undefined ? undefined : `here that is ${here}`;
}

/** What an option of another tool is called here, for a command that has these options. */
export function otherOption(name: string, known: OptionSpecs): string | undefined {
  const rows = options.filter(([names]) => names.split(' ').includes(name));
  const row = rows.find(([, option]) => option === undefined || option in known);
  if (row) return `here that is ${row[2]}`;
  return rows.some(([, option]) => option === 'yes')
    ? 'leave it out: this command asks for no confirmation'
    : undefined;
}

/** @internal For the test: every word of another tool, in the order of the table. */
export const otherWords: readonly string[] = words.flatMap(([names]) => names.split(' '));

/** @internal For the test: every hint that names a command. */
export const otherWordHints: readonly string[] = [...words.map(([, here]) => here), ...options.map((row) => row[2])];
