interface Variable {
  readonly name: string;
  readonly about: string;
}

/** Variables that are goqemu's own. */
const own: readonly Variable[] = [
  { name: 'GOQEMU_HOME', about: 'where goqemu keeps images, layers, keys and machines (default: `~/qemu`)' },
  {
    name: 'GOQEMU_PARAM_name',
    about: 'value of the lab’s parameter `name`; `--param` overrides it, and it overrides `--params`',
  },
  { name: 'GOQEMU_IMAGE_MIRROR', about: 'base URL that images are downloaded from instead of their publishers’' },
  {
    name: 'GOQEMU_TIMEOUT_SCALE',
    about:
      'by what time-outs of boots, stops, steps and the SDK’s operations are multiplied (default: 1), such as `4` on a slow host',
  },
  {
    name: 'GOQEMU_WHPX_OPTIONS',
    about:
      'options of QEMU’s `-accel whpx` in place of goqemu’s own (`kernel-irqchip=off` on x86 before QEMU 11), such as `kernel-irqchip=on`; empty for QEMU’s defaults',
  },
  {
    name: 'GOQEMU_GUEST_WAY',
    about: '`ssh`: all commands go into guests by SSH, also where the channel is there ([the guest](guest.md))',
  },
  {
    name: 'GOQEMU_BACKEND',
    about:
      '`qemu` (default), or `fake`: machines are entries in a file, to try the shape of a lab and to test programs that call goqemu',
  },
  {
    name: 'GOQEMU_UPDATE_IMAGES',
    about:
      'any value: [`toMatchImage`](matchers.md#a-screen) writes the pictures again that screens do not match, as `goqemu test --update-images` does',
  },
  {
    name: 'GOQEMU_TEST_RUN',
    about: 'set by `goqemu test` for its processes: what its options ask for; not to be set by users',
  },
  {
    name: 'GOQEMU_TEST_COLLECT',
    about: 'set by `goqemu test` in the process that looks test files through; not to be set by users',
  },
];

/** Variables of other programs and of the system that it reads, too. */
const others: readonly Variable[] = [
  {
    name: 'CI',
    about: 'any value but `false`: [`toMatchImage`](matchers.md#a-screen) writes no picture that is missing, and fails',
  },
  { name: 'NO_COLOR', about: 'no colours, whatever its value; `--color` overrides it' },
  { name: 'TERM', about: '`dumb`: no colours, no live list, no pager. `goqemu ssh` passes it to the guest’s terminal' },
  {
    name: 'PAGER',
    about: 'the command that shows a page of `goqemu help` (default: `less -R`; none on Windows); empty or `cat`: none',
  },
  { name: 'LESS', about: 'options of less; where it is not set, `FRX` is passed, as by git' },
  { name: 'http_proxy', about: 'proxy for downloads by HTTP; also `HTTP_PROXY`' },
  { name: 'https_proxy', about: 'proxy for downloads by HTTPS; also `HTTPS_PROXY`' },
  { name: 'no_proxy', about: 'hosts that are reached without a proxy; also `NO_PROXY`' },
  { name: 'PATH', about: 'where QEMU, passt and the tools that build an image are looked for (`Path` on Windows)' },
  {
    name: 'XDG_RUNTIME_DIR',
    about: 'on Linux, the folder for sockets (default: a 0700 folder under the temporary folder)',
  },
  { name: 'LOCALAPPDATA', about: 'on Windows, the folder below which keys and logs of running machines are' },
  {
    name: 'ProgramData',
    about: 'on Windows, where goqemu’s folders are whose own paths QEMU cannot open (default: `C:\\ProgramData`)',
  },
  { name: 'ProgramFiles', about: 'on Windows, where QEMU’s installer puts it; also `ProgramW6432`' },
  { name: 'SystemRoot', about: 'on Windows, the folder in which PowerShell and its like are; also `SYSTEMROOT`' },
  { name: 'USERNAME', about: 'on Windows, whose the folders for keys and machines are; also `USERDOMAIN`' },
  {
    name: 'OneDrive',
    about:
      'on Windows, a folder that `goqemu doctor` warns of, as it is copied elsewhere; also `OneDriveCommercial` and also `OneDriveConsumer`',
  },
  { name: 'ComSpec', about: 'on Windows, the shell that starts `PAGER`, and is asked for short names of folders' },
  {
    name: 'NODE_TEST_CONTEXT',
    about:
      'set by the test runner of Node.js in the processes of test files; `goqemu test` within a test leaves it out, also `NODE_TEST_WORKER_ID`',
  },
  { name: 'GITHUB_ACTIONS', about: '`true`: `goqemu test` annotates failures, and writes a summary of the job' },
  { name: 'GITHUB_STEP_SUMMARY', about: 'in GitHub Actions, the file of that summary' },
  { name: 'GITHUB_WORKSPACE', about: 'in GitHub Actions, the folder that paths in annotations are relative to' },
  { name: 'SUDO_UID', about: 'under sudo, the user whose labs may be loaded as well as those of root' },
];

/** @internal For the test: the name of each, and of those that stand beside it. */
export const documentedVariables: readonly string[] = [...own, ...others].flatMap(({ name, about }) => [
  name,
  ...[...about.matchAll(/also `(\w+)`|\(`(\w+)` on Windows\)/g)].flatMap(([, also, there]) => also ?? there ?? []),
]);

/** docs/environment.md. */
export function renderEnvironmentReference(): string {
  return [
    '# Environment variables',
    '',
    '<!-- Written by `npm run docs`; do not edit. -->',
    '',
    'What goqemu reads from its environment. A lab itself must not read it: variation on purpose is a',
    '[parameter](lab.md#parameters-and-stacks), and a [secret](lab.md#secrets) names the variable that it comes from.',
    '',
    '## Of goqemu',
    '',
    ...variableTable(own),
    '',
    '## Of other programs',
    '',
    ...variableTable(others),
    '',
    'QEMU, and the programs that goqemu starts beside it, receive only what they need of the environment: search paths, folders,',
    'language, display. Tokens and passwords of the shell are not passed on.',
    '',
  ].join('\n');
}

function variableTable(variables: readonly Variable[]): string[] {
  return ['| variable | meaning |', '|---|---|', ...variables.map(({ name, about }) => `| \`${name}\` | ${about} |`)];
}
