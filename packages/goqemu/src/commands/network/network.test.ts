import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NetworkFaults } from '@goqemu/spec';
import { TestLab } from '../../shell/fixture/test-lab.ts';

const wired = (faults: NetworkFaults, body: string) => `import { defineLab } from 'goqemu';
export default defineLab({ name: 'wired' }, (lab) => {
  const lan = lab.network('lan', { cidr: '10.40.0.0/24', faults: ${JSON.stringify(faults)} });
${body}
});
`;
const two = `  const dmz = lab.network('dmz', { cidr: '10.41.0.0/24' });
  lab.vm('web', { networks: { lan, dmz } });
  lab.vm('db', { networks: { lan } });`;
const three = `  for (const name of ['web', 'db', 'cache']) lab.vm(name, { networks: { lan } });`;

async function applied(faults: NetworkFaults = {}): Promise<TestLab> {
  const lab = new TestLab(wired(faults, two));
  const { code, stderr } = await lab.run(['apply', '--yes']);
  assert.equal(code, 0, stderr);
  return lab;
}

async function faultsOf(lab: TestLab, ...options: string[]) {
  const { stdout, stderr } = await lab.run(['network', 'list', 'lan', '--json', ...options]);
  const { networks } = JSON.parse(stdout || stderr) as { networks: { faults: NetworkFaults; manual: boolean }[] };
  return networks.map(({ faults, manual }) => [faults, manual])[0];
}

test('network list shows each network with its cards, and what goes wrong', async () => {
  using lab = await applied({ latency: 50, machines: { db: { to: { loss: 0.05, rate: 125_000 }, cable: false } } });
  const { stdout } = await lab.run(['network', 'list']);
  assert.equal(
    stdout.replace(/ +$/gm, ''),
    `dmz  10.41.0.0/24  running
  MACHINE  ADDRESS     LINK  SENT           RECEIVED       DROPPED
  web      10.41.0.10  up    0 frames, 0 B  0 frames, 0 B  -

lan  10.40.0.0/24  running
  to each machine: latency 50 ms
  db: unplugged
  to db: loss 5 %, rate 122 KiB/s
  MACHINE  ADDRESS     LINK  SENT           RECEIVED       DROPPED
  db       10.40.0.11  up    0 frames, 0 B  0 frames, 0 B  -
  web      10.40.0.10  up    0 frames, 0 B  0 frames, 0 B  -
`,
  );
  lab.host.killSwitch();
  assert.match((await lab.run(['network', 'list', 'lan'])).stdout, /^lan {2}10\.40\.0\.0\/24 {2}down\n/);
  assert.match(
    (await lab.run(['network', 'faults', 'lan', '--loss', '1%'])).stderr,
    /lan is not running(.*\n)*.*goqemu apply/,
  );
});

test('faults are set one after another, of a network or of a machine in one direction, and heal', async () => {
  using lab = await applied({ latency: 5 });
  const set = async (...words: string[]) => {
    const { code, stderr } = await lab.run(['network', ...words]);
    assert.equal(code, 0, stderr);
  };
  await set('faults', 'lan', '--loss', '10%', '--jitter', '3', '--rate', '125 kB');
  assert.deepEqual(await faultsOf(lab), [{ latency: 5, loss: 0.1, jitter: 3, rate: 125_000 }, true]);
  await set('faults', 'lan', '--latency', '0', '--machine', 'db', '--from');
  await set('faults', 'lan', '--machine', 'db', '--duplication', '.25');
  await set('unplug', 'lan', 'web');
  await set('partition', 'lan', 'db', 'web');
  assert.deepEqual(await faultsOf(lab), [
    {
      ...{ latency: 5, loss: 0.1, jitter: 3, rate: 125_000 },
      partition: [['db'], ['web']],
      machines: { db: { from: { latency: 0, duplication: 0.25 }, to: { duplication: 0.25 } }, web: { cable: false } },
    },
    true,
  ]);
  assert.match(
    (await lab.run(['network', 'faults', 'lan'])).stdout,
    /partition: db \| web \| others\n(.*\n)*.*web: unplugged\n(.*\n)*.*heal ends it\n/,
  );
  await set('plug', 'lan', 'web');
  assert.deepEqual((await lab.run(['plan'])).stdout.slice(0, 13), 'Nothing to do');
  await set('heal');
  assert.deepEqual(await faultsOf(lab), [{ latency: 5 }, false]);
  assert.match((await lab.run(['network', 'heal'])).stdout, /^Nothing was set/);
});

test('what was set outlives an apply that changes something else, and a fork has the faults of the lab alone', async () => {
  using lab = await applied({ loss: 0.01 });
  await lab.run(['network', 'partition', 'lan', 'db']);
  lab.write(wired({ loss: 0.02 }, three));
  const { stdout } = await lab.run(['plan']);
  assert.match(stdout, /update +network lan +its faults change; cache joins\n(.*\n)*.*faults\.loss: 0\.01 → 0\.02/);
  await lab.run(['apply', '--yes']);
  assert.deepEqual(await faultsOf(lab), [{ loss: 0.01, partition: [['db']] }, true]);
  await lab.run(['checkpoint', 'create', 'now']);
  await lab.run(['checkpoint', 'fork', 'now', '--name', 'copy', '--yes']);
  assert.deepEqual(await faultsOf(lab, '--stack', 'copy'), [{ loss: 0.02 }, false]);
  await lab.run(['network', 'heal', 'lan']);
  assert.deepEqual(await faultsOf(lab), [{ loss: 0.02 }, false]);
});

test('what is typed wrong is said with what is right', async () => {
  using lab = await applied();
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['network', 'faults', 'lna', '--loss', '1%'],
      /nothing in the lab's networks is called "lna"(.*\n)*.*did you mean "lan"/,
    ],
    [['network', 'faults', 'lan', '--loss', '110%'], /--loss 110% is no share(.*\n)*.*5%/],
    [['network', 'faults', 'lan', '--rate', '0'], /unplug/],
    [['network', 'faults', 'lan', '--latency', 'slow'], /--latency: expected a duration/],
    [['network', 'faults', 'lan', '--from', '--loss', '1%'], /--machine db --from/],
    [['network', 'unplug', 'dmz', 'db'], /dmz: "db" is not a machine in it/],
    [['network', 'partition', 'lan', 'db', 'db'], /each machine once/],
    [['capture', 'nothing', 'x.pcapng'], /nothing in the lab's networks is called "nothing"/],
  ];
  for (const [words, expected] of cases) {
    const { code, stderr } = await lab.run(words);
    assert.notEqual(code, 0, words.join(' '));
    assert.match(stderr, expected);
  }
});

test('a capture is a new file of pcapng, or standard output', async () => {
  using lab = await applied();
  const written = await lab.run(['capture', 'web', 'web.pcapng', '--duration', '100 ms']);
  assert.equal(written.code, 0, written.stderr);
  const path = join(lab.folder, 'web.pcapng');
  assert.equal(readFileSync(path).readUInt32BE(0), 0x0a0d0d0a);
  assert.match((await lab.run(['capture', 'lan', 'web.pcapng'])).stderr, /the file is there already/);
});
