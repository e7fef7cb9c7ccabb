import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import { readLabLock } from '../lock/lab-lock.ts';
import type { Plan } from '../plan/plan.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { sh } from '../value/sh.ts';

const lab = (program: (lab: LabBuilder) => unknown) => defineLab({ name: 'web' }, program);
const newBench = () => new LabBench({ labFile: import.meta.filename });
/** As `--out` writes it, and `apply FILE` reads it. */
const saved = (plan: Plan) => JSON.parse(JSON.stringify(plan)) as Plan;

/** All that depends on an image's key: steps, captured output in other machines, templates, times, checkpoints. */
const program = (image: string) =>
  lab((l) => {
    const base = l.template('base', { image }).run('one', 'echo one').checkpoint('installed');
    const web = l.vm('web', { from: base.at.installed }).capture('token', 'echo token').checkpoint('ready');
    l.vm('worker', { image: 'debian-13' })
      .run('join', sh`join ${web.out.token}`)
      .run('again', 'date', { cache: 'never' });
    return { token: web.out.token };
  });

const places = ['/images/disk.qcow2', 'https://example.org/disk.qcow2', 'debian-12', 'ubuntu-24.04'];

for (const image of places) {
  test(`a saved plan for an image that is not here yet is carried out as it is, and leaves nothing to do: ${image}`, async () => {
    const bench = newBench();
    bench.host.absentImages.add(image).add('debian-13');
    const plan = saved(await bench.plan(program(image)));
    assert.ok(plan.provisional);
    const result = await bench.engine('web').apply(plan);
    assert.deepEqual([result.outcome, result.errors], ['done', []]);
    assert.deepEqual(result.outputs, { token: 'token' });
    const next = await bench.plan(program(image));
    // A step that never keeps runs again, and nothing else does.
    assert.deepEqual(
      next.operations.map((one) => `${one.action} ${subjectOf(one)}`).filter((line) => !/again|worker$/.test(line)),
      [],
    );
    assert.equal(next.provisional, undefined);
    const pins = (await readLabLock(bench.storage)).images;
    assert.match(pins['debian-13 (amd64)']?.key ?? '', /^sha256:/);
    assert.match(pins[`${image} (amd64)`]?.key ?? '', /^sha256:/);
  });
}

test('a plan that is made when the image is here, and one that was saved before, give the same layers', async () => {
  const early = newBench();
  early.host.absentImages.add('debian-12').add('debian-13');
  await early.engine('web').apply(saved(await early.plan(program('debian-12'))));
  const late = newBench();
  late.now = early.now;
  await late.engine('web').apply(await late.plan(program('debian-12')));
  const unbound = (bench: LabBench) =>
    [...bench.host.layers]
      .flatMap(([key, { disk }]) => (disk.some((line) => /date|token/.test(line)) ? [] : [key]))
      .sort();
  assert.deepEqual(unbound(early), unbound(late));
  assert.ok(unbound(early).length >= 2);
});

test('a saved plan that has become stale fetches nothing', async () => {
  const bench = newBench();
  bench.host.absentImages.add('debian-13');
  const plan = saved(await bench.plan(program('debian-13')));
  await bench.apply(lab((l) => void l.vm('other')));
  await assert.rejects(bench.engine('web').apply(plan), { code: 'plan-stale' });
  assert.deepEqual([...bench.host.absentImages], ['debian-13']);
});

const gib = 2 ** 30;
const sized = (options: { disk?: '10 GB' | '20 GiB' } = {}) =>
  lab((l) => {
    const base = l.template('base', { image: 'debian-13', ...options }).checkpoint('bare');
    l.vm('web', { from: base.at.bare }).run('one', 'echo');
  });

test('a disk smaller than its image is refused, by the plan where the image is here and before a disk is made where not', async () => {
  const bench = newBench();
  bench.host.imageSizes.set('debian-13', 12 * gib);
  const [problem] = (await bench.plan(sized({ disk: '10 GB' }))).preflight;
  assert.equal(problem?.code, 'disk-too-small');
  assert.match(
    problem?.message ?? '',
    /^base: a disk of 10 GB is too small for the image debian-13, which has 12 GiB.*line \d+/,
  );
  await assert.rejects(bench.apply(sized({ disk: '10 GB' })), { code: 'disk-too-small', source: 'user' });
  bench.host.absentImages.add('debian-13');
  const { errors } = await bench.engine('web').apply(saved(await bench.plan(sized({ disk: '10 GB' }))));
  assert.equal(errors[0]?.error.code, 'disk-too-small');
  assert.equal(bench.host.machines.size, 0);
});

test('a disk that the lab leaves open is as large as its image, or 10 GB; also in a plan that was saved before the image came', async () => {
  const bench = newBench();
  await bench.apply(sized());
  assert.equal(bench.host.machine('web')?.spec.disk, 10e9);
  for (const isAbsent of [false, true]) {
    const larger = newBench();
    larger.host.imageSizes.set('debian-13', 12 * gib);
    if (isAbsent) larger.host.absentImages.add('debian-13');
    const result = await larger.engine('web').apply(saved(await larger.plan(sized())));
    assert.deepEqual(result.errors, []);
    assert.equal(larger.host.machine('web')?.spec.disk, 12 * gib);
    assert.deepEqual((await larger.plan(sized())).operations, []);
  }
});

test('a machine that an earlier version made smaller than its image stays, and the plan says how to renew it', async () => {
  const bench = newBench();
  const program = lab((l) => void l.vm('web', { image: 'debian-13' }).run('one', 'echo'));
  await bench.apply(program); // the size was not looked at
  bench.host.imageSizes.set('debian-13', 12 * gib);
  const plan = await bench.plan(program);
  assert.deepEqual(plan.operations, []);
  assert.match(plan.notices.find(({ code }) => code === 'disk-too-small')?.hint ?? '', /apply --replace web/);
  await bench.apply(program, { replace: ['web'] });
  assert.equal(bench.host.machine('web')?.spec.disk, 12 * gib);
  assert.deepEqual((await bench.plan(program)).notices, []);
});
