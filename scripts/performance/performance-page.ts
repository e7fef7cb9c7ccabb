import { type BenchDocument, type BenchRow, shownMeasure } from '../run/bench-row.ts';
import { plotsOf } from './plot.ts';

/** What each bench measures; one that is not here is refused, so that none is shown without words. */
const subjects: Readonly<Record<string, string>> = {
  startup: 'Start of the command',
  engine: 'The engine and its plan',
  apply: 'From nothing to the first command',
  edit: 'The edit loop',
  checkpoints: 'Checkpoints',
  forks: 'Forks',
  'test-runner': 'Tests',
  exec: 'Commands and steps in the guest',
  transfer: 'Files to and from the guest',
  network: 'Networks',
  idle: 'A machine that does nothing',
  machine: 'One machine, without a lab',
  protocol: 'The QMP client',
};

/** docs/performance.md, from a document of `npm run bench -- all --json`. */
export function renderPerformance(document: BenchDocument): string {
  const { benches, host, at, quick } = document;
  const known = Object.keys(subjects);
  const unknown = benches.find(({ bench }) => !known.includes(bench));
  if (unknown) throw new Error(`scripts/performance/performance-page.ts has no words for the bench "${unknown.bench}"`);
  const plots = plotsOf(document);
  const sections = known.flatMap((name) => {
    const found = benches.find(({ bench }) => bench === name);
    if (!found) return [];
    const drawn = plots.filter(({ file }) => file.startsWith(`${name}-`));
    return [
      `## ${subjects[name]}`,
      '',
      `\`npm run bench -- ${name}\``,
      '',
      ...tableOf(found.rows),
      ...(found.failed === undefined ? [] : ['', `It ended before its last row: ${found.failed.split('\n', 1)[0]}`]),
      ...drawn.flatMap(({ file, title, against }) => ['', `![${title}, against ${against}](performance/${file})`]),
      '',
    ];
  });
  return [
    '# Performance',
    '',
    '<!-- Written by `npm run docs` from docs/performance.json; do not edit. -->',
    '',
    ...method,
    '',
    '## This run',
    '',
    ...hostLines(host),
    `- begun ${at}${quick ? ', with `--quick`: few turns' : ''}`,
    '',
    ...sections,
    ...own,
    '',
  ].join('\n');
}

const method = [
  'Every figure is a ratio to something else that does the same work on the same host in the same run, in turns where both can',
  'be there at a time: OpenSSH’s client, a bare script that starts QEMU, `savevm`, a relay without a switch, `node -e 0`. Where',
  'nothing else does the work, the first of a row of measurements stands in. A ratio above 1 says that goqemu takes more of the',
  'unit; where the unit is a rate, a ratio below 1 does. Medians; absolute values are the host’s of the day. An aim is what a',
  'ratio is to reach, and one that is not met is shown like the others.',
];

const own = [
  '## Measure your own host',
  '',
  'In a checkout, with nothing else running:',
  '',
  '```console',
  '$ npm run -s bench -- all --json > bench.json',
  '```',
  '',
  'It takes an hour or more under emulation, and less with KVM. `bench.json` says what the host is (processor, memory, versions;',
  'no names, no paths). Attach it to an issue of the repository: hosts with KVM, HVF and WHPX are the ones that are missing here.',
  '`npm run bench` lists the benches one by one, and `--quick` takes fewer turns.',
];

function hostLines(host: BenchDocument['host']): string[] {
  const { system, arch, processor, processors, memoryMiB, accelerator, node, qemu, commit } = host;
  return [
    `- ${system}, ${arch}; ${processors} × ${processor}; ${Math.round(Number(memoryMiB) / 1024)} GiB`,
    `- ${qemu}; guests by ${accelerator}${accelerator === 'tcg' ? ', emulated' : ''}`,
    `- Node.js ${node}; commit ${String(commit).slice(0, 12)}`,
  ];
}

function tableOf(rows: readonly BenchRow[]): string[] {
  const cells = rows
    .filter(({ name }) => !/^(loaded:| {2}of )/.test(name)) // what a plan loads is for who works on the start
    .map(({ name, value, unit, baseline, ratio, aim }) => [
      name,
      `${shownMeasure(value)} ${unit}`,
      baseline === undefined ? '' : `${shownMeasure(baseline)} ${unit}`,
      ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
      aim ?? '',
    ]);
  return [
    '| what | value | against | ratio | aim |',
    '|---|--:|--:|--:|---|',
    ...cells.map((row) => `| ${row.join(' | ')} |`),
  ];
}
