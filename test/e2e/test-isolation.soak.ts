import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

const seed = Number(process.env.GOQEMU_ISOLATION_SEED ?? Date.now() % 100_000);

/** What a test does to its machines, after it has looked at them. */
const harms = {
  write: `await web.exec('echo x | tee /root/other /dev/shm/other /etc/hostname; rm /root/mark; sync', root);`,
  kill: `await web.exec('kill -9 $(cat /root/counter.pid)', root);`,
  fill: `await web.exec('cat /dev/zero > /root/full; cat /dev/zero > /dev/shm/full; sync', { sudo: true });`,
  clock: `await web.exec('date -s 2001-01-01', root);`,
  // In a moment: the command itself comes over one of the cards.
  addresses: `await web.exec('(sleep 1; for card in /sys/class/net/eth*; do ip addr flush dev "\${card##*/}"; done) > /dev/null 2>&1 &', root);
  await new Promise((resolve) => setTimeout(resolve, 2000));`,
  partition: `await net.lan.partition(web, db); await expect(web.command('ping -c 1 -W 1 db')).not.toSucceed();`,
} as const;

/** Tests in an order of their own, each with a look at what the others do. */
function tests(isolation: 'fork' | 'restore', count: number, random: () => number): string {
  const kinds = Object.keys(harms) as (keyof typeof harms)[];
  const order = Array.from({ length: count }, (_, index) => kinds[index % kinds.length] ?? 'write');
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] ?? 'write', order[at] ?? 'write'];
  }
  return `import assert from 'node:assert/strict';
import { expect, test as base } from 'goqemu/test';
import lab from './lab.ts';
const test = base.extend('lab', lab, { at: 'ready', isolation: '${isolation}', machines: ['web', 'db'], networks: ['lan'] });
const root = { sudo: true, check: true };
const look = \`cat /root/mark; ls -A /root | grep -v ash_history; ls /dev/shm; kill -0 $(cat /root/counter.pid) && echo counts
hostname; ping -c 1 -W 5 db > /dev/null && echo reaches; df -k / | awk 'NR == 2 && $4 > 1000 { print "room" }'; date +%Y\`;
const asItWas = async (web) => {
  const { stdout } = await web.exec(look, root);
  assert.match(stdout, /^ready\\ncounter.pid\\nmark\\ncounts\\nweb\\nreaches\\nroom\\n20[2-9]\\d\\n$/);
};
${order
  .map(
    (kind, turn) =>
      `test('${turn}: ${kind}', async ({ web, db, net }) => {\n  await asItWas(web);\n  ${harms[kind]}\n});`,
  )
  .join('\n')}
`;
}

test(`100 tests in random order, each sees the lab as it was (GOQEMU_ISOLATION_SEED=${seed})`, async () => {
  let state = seed;
  const random = () => {
    state = (state * 48_271 + 11) % 2_147_483_647; // Lehmer's generator with MINSTD's factor
    return state / 2_147_483_647;
  };
  const machine = `{ image: ${JSON.stringify(await tinyImage())}, user: 'debian', memory: '128 MiB', cpus: 1, networks: { lan } }`;
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'isolated' }, (lab) => {
  const lan = lab.network('lan');
  lab.vm('db', ${machine}).checkpoint('ready');
  lab.vm('web', ${machine})
    .run('mark', 'echo ready > /root/mark; (while :; do sleep 1; done) > /dev/null 2>&1 < /dev/null & echo $! > /root/counter.pid')
    .checkpoint('ready');
});
`);
  await folder.write(tests('fork', 35, random), 'one.lab.test.ts');
  await folder.write(tests('fork', 35, random), 'two.lab.test.ts');
  await folder.write(tests('restore', 30, random), 'three.lab.test.ts');
  const { code, stdout, stderr } = await folder.run(['test', '--workers', '2', '--reporter', 'json']);
  const { tests: ended } = JSON.parse(stdout) as { tests: readonly { readonly status: string }[] };
  assert.deepEqual(
    ended.filter(({ status }) => status !== 'passed'),
    [],
    stderr,
  );
  assert.equal(ended.length, 100);
  assert.equal(code, 0);
});
