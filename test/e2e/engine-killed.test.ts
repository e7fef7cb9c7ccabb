import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KilledLab, type LabModel, type Moment } from './killed-lab.ts';
import { tinyImage } from './tiny-image.ts';

const rounds = Number(process.env.GOQEMU_KILLS ?? (process.env.GOQEMU_SOAK ? 50 : 6));
const seed = Number(process.env.GOQEMU_KILL_SEED ?? (process.env.GOQEMU_SOAK ? Date.now() % 2 ** 31 : 8));

/** What is done in turns, about how many lines of events it tells, and how many milliseconds a line may take. */
const kinds = [
  ['make', 36, 300],
  ['roll back', 8, 150],
  ['add a machine', 10, 150],
  ['restart', 16, 300],
  ['remove a machine', 5, 30],
  ['destroy', 5, 30],
] as const;

describe(`goqemu is killed ${rounds} times (GOQEMU_KILL_SEED=${seed})`, () => {
  let lab: KilledLab;
  const model: LabModel = { one: 1, two: 1, memory: 256, box: false };
  const random = randomFrom(seed);

  before(async () => {
    lab = await KilledLab.open(await tinyImage());
  });
  after(() => lab[Symbol.asyncDispose]());

  for (let round = 0; round < rounds; round++) {
    const [kind, lines, longest] = kinds[round % kinds.length] as (typeof kinds)[number];
    const moment: Moment = { line: Math.floor(random() * lines), delayMs: Math.floor(random() * longest) };
    test(`${kind}, killed ${moment.delayMs} ms after line ${moment.line}: the next run settles it`, async (t) => {
      change(model, kind);
      await lab.write(model);
      const command = kind === 'destroy' ? 'destroy' : 'apply';
      if (await lab.kill([command], moment)) t.diagnostic('it had ended before');
      await lab.folder.ok('status');
      await lab.folder.ok(command, '--yes');
      if (kind === 'destroy') return await lab.checkNothingLeft();
      assert.deepEqual(await lab.planned(), [], 'the plan after it is empty');
      await lab.checkMachines(model);
    });
  }

  test('two applies at once: one does the work, the other waits for it or leaves with 75 and names it', async () => {
    await lab.write(model);
    await lab.folder.ok('apply', '--yes');
    change(model, 'roll back');
    await lab.write(model);
    const both = await Promise.all([lab.folder.run(['apply', '--yes']), lab.folder.run(['apply', '--yes'])]);
    const said = both.map(({ stderr }) => stderr).join('\n');
    const codes = both.map(({ code }) => code).sort();
    // One that begins to work only when the other has ended finds nothing left to do.
    assert.ok(codes[0] === 0 && (codes[1] === 75 || codes[1] === 0), said);
    const refused = both.find(({ code }) => code === 75);
    if (refused) assert.match(refused.stderr, /goqemu apply.*process \d+|process \d+.*goqemu apply/s);
    assert.deepEqual(await lab.planned(), []);
    await lab.checkMachines(model);

    change(model, 'roll back');
    await lab.write(model);
    const wait = ['apply', '--yes', '--lock-wait', '60'];
    const waiting = await Promise.all([lab.folder.run(wait), lab.folder.run(wait)]);
    for (const { code, stderr } of waiting) assert.equal(code, 0, stderr);
    assert.deepEqual(await lab.planned(), []);
    await lab.checkMachines(model);
  });
});

function change(model: LabModel, kind: (typeof kinds)[number][0]): void {
  switch (kind) {
    case 'make':
      model.one++; // nothing of it is cached
      return;
    case 'roll back':
      model.two++;
      return;
    case 'add a machine':
      model.box = true;
      return;
    case 'restart':
      model.memory = model.memory === 256 ? 272 : 256;
      return;
    case 'remove a machine':
      model.box = false;
      return;
    case 'destroy':
  }
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
