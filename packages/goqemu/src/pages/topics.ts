/** Groups of pages, in the order in which help and the site show them. */
export const topicGroups = ['First steps', 'How to', 'Coming from', 'Reference', 'In depth'] as const;

export interface Topic {
  /** What is typed: `goqemu help NAME`. */
  readonly name: string;
  readonly group: (typeof topicGroups)[number];
  readonly summary: string;
  /** The file in docs; by default `NAME.md`. */
  readonly file?: string;
  /** Commands, or families of them, that the page explains: their help names it. */
  readonly commands?: readonly string[];
}

/** Every page of docs that the package brings along. */
export const topics: readonly Topic[] = [
  {
    name: 'tutorial',
    group: 'First steps',
    summary: 'from an empty folder to a lab that is applied, broken and restored',
  },
  {
    name: 'first-run',
    group: 'First steps',
    summary: 'the first ten minutes in a checkout, as recorded on a terminal',
  },
  {
    name: 'ci',
    group: 'How to',
    file: 'how-to/ci.md',
    summary: 'run a lab in continuous integration: caches and exit codes',
  },
  {
    name: 'ansible',
    group: 'How to',
    file: 'how-to/ansible.md',
    summary: 'use Ansible with a lab: ssh-config and an inventory',
    commands: ['ssh-config'],
  },
  {
    name: 'environment-file',
    group: 'How to',
    file: 'how-to/environment-file.md',
    summary: 'give a service a secret in an EnvironmentFile',
  },
  {
    name: 'powershell',
    group: 'How to',
    file: 'how-to/powershell.md',
    summary: 'use goqemu in PowerShell: quoting, variables, results',
  },
  {
    name: 'windows',
    group: 'How to',
    summary: 'run labs on a Windows host: set-up, limits, and what was tried',
  },
  {
    name: 'macos',
    group: 'How to',
    summary: 'run labs on a Mac: set-up, architecture, limits, and what was tried',
  },
  {
    name: 'vagrant',
    group: 'Coming from',
    file: 'coming-from/vagrant.md',
    summary: 'Vagrant: its words, what differs, what is missing',
  },
  {
    name: 'terraform',
    group: 'Coming from',
    file: 'coming-from/terraform.md',
    summary: 'Terraform: its words, what differs, what is missing',
  },
  {
    name: 'docker-compose',
    group: 'Coming from',
    file: 'coming-from/docker-compose.md',
    summary: 'Docker Compose: its words, what differs, what is missing',
  },
  {
    name: 'lima',
    group: 'Coming from',
    file: 'coming-from/lima.md',
    summary: 'Lima: its words, what differs, what is missing',
  },
  {
    name: 'lab',
    group: 'Reference',
    summary: 'the lab language: machines, steps, secrets, parameters',
    commands: ['init', 'validate', 'plan', 'apply', 'import', 'stop', 'start', 'restart', 'suspend', 'resume'],
  },
  { name: 'cli', group: 'Reference', summary: 'every command, option and exit code' },
  {
    name: 'checkpoints',
    group: 'Reference',
    summary: 'checkpoints, layers and forks: what they keep, and what they cost',
    commands: ['checkpoint'],
  },
  { name: 'networks', group: 'Reference', summary: 'networks between the machines of a lab' },
  {
    name: 'images',
    group: 'Reference',
    summary: 'what an image may be, how it is verified, and where it is cached',
    commands: ['image', 'lock'],
  },
  { name: 'errors', group: 'Reference', summary: 'every error code: when it occurs and what to do' },
  { name: 'environment', group: 'Reference', summary: 'every environment variable that goqemu reads' },
  { name: 'files', group: 'Reference', summary: 'what goqemu writes where, on Linux, macOS and Windows' },
  { name: 'events', group: 'Reference', summary: 'the event stream of --events, for programs' },
  { name: 'sdk', group: 'Reference', summary: 'machines and labs in a script' },
  {
    name: 'testing',
    group: 'Reference',
    summary: 'tests on the machines of a lab, with goqemu test, Vitest or Playwright',
    commands: ['test'],
  },
  {
    name: 'matchers',
    group: 'Reference',
    summary: 'what a test expects of a machine: every matcher, waiting, messages',
  },
  { name: 'glossary', group: 'Reference', summary: 'the words of goqemu, and what they mean' },
  { name: 'machine', group: 'In depth', summary: 'goqemu/machine: one QEMU process' },
  {
    name: 'protocol',
    group: 'In depth',
    summary: 'goqemu/qmp and goqemu/qga: typed commands for QEMU and the guest agent',
    commands: ['qmp', 'codegen'],
  },
  {
    name: 'guest',
    group: 'In depth',
    summary: 'sessions, readiness and identity of a guest',
  },
  { name: 'backends', group: 'In depth', summary: 'goqemu/backend: machines somewhere else' },
  { name: 'engine', group: 'In depth', summary: 'how a plan is made and carried out, and how it survives a crash' },
  {
    name: 'performance',
    group: 'In depth',
    summary: 'what goqemu costs against other ways, measured, and how to measure yours',
  },
  { name: 'architecture', group: 'In depth', summary: 'how goqemu is built, and where it stores files' },
];

/** The path of a topic's page below docs. */
export function pageFile({ name, file = `${name}.md` }: Topic): string {
  return file;
}

/** The page that explains a command, by its name of one or two words. */
export function topicOfCommand(command: string): Topic | undefined {
  const [family] = command.split(' ');
  return topics.find(({ commands = [] }) => commands.includes(command) || commands.includes(family ?? ''));
}
