import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkAgainstColdBuild, checkCheckpoints, checkForks } from './fixture/checks.ts';
import { applyEdit, edit } from './fixture/edit-lab.ts';
import { applyLanEdit, lanEdit } from './fixture/edit-lans.ts';
import { Fuse, faultKinds, withFault } from './fixture/fuse.ts';
import { labOf, type MachineModel } from './fixture/fuzz-lab.ts';
import { eventKinds, happen } from './fixture/happen.ts';
import { convergeBesideNeighbour } from './fixture/neighbour.ts';
import { World } from './fixture/world.ts';

// Random labs of machines and networks, random edits, a fault at any journal write or backend call. After each round an apply without
// faults must bring the host to exactly what a cold build of the same lab gives. GOQEMU_FUZZ_CASES asks for
// more cases, GOQEMU_FUZZ_SEED repeats a run, and GOQEMU_FUZZ_PATH with it one case of it.
const cases = Number(process.env.GOQEMU_FUZZ_CASES ?? (process.env.GOQEMU_SOAK ? 10_000 : 900));
const seed = Number(process.env.GOQEMU_FUZZ_SEED ?? 20261120);

const round = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
  lans: fc.array(lanEdit, { maxLength: 2 }),
  event: fc.constantFrom(...eventKinds),
  which: fc.nat(7),
  fault: fc.constantFrom(...faultKinds),
  // Most plans are short: a fault late in a long one is the rarer case.
  at: fc.oneof(fc.nat(12), fc.nat(30), fc.nat(80)),
  parallel: fc.integer({ min: 1, max: 4 }),
});

// Small enough that layers are coalesced in many cases: a layer of the fake backend takes some KiB.
const layers = fc.record({
  perMachine: fc.integer({ min: 2, max: 4 }),
  budget: fc.constantFrom('4 KiB', '40 KiB', '1 GiB'),
});

test(`${cases} random labs converge after faults, to what a cold build gives`, { timeout: 3_600_000 }, async (t) => {
  let coalescing = 0;
  let parking = 0;
  const outcome = await fc.check(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 4 }), layers, async (rounds, limits) => {
      const world = new World();
      const machines: MachineModel[] = [];
      for (const one of rounds) {
        for (const each of one.edits) applyEdit(machines, each);
        for (const each of one.lans) applyLanEdit(world, machines, each);
        const definition = labOf(machines, limits, structuredClone(world.lans));
        const fuse = new Fuse(one.fault, one.at);
        await withFault(fuse, () => happen(world, one.event, one.which, fuse));
        await checkCheckpoints(world);
        await checkForks(world);
        // What died during the event is a process; the apply is another one.
        const next = fuse.dead ? new Fuse('none', 0) : fuse;
        world.renames += machines.filter((machine) => machine.renamedFrom !== undefined).length;
        await withFault(next, () => world.apply(definition, next, one.parallel));
        // Also of a lab that is as it should be: here an apply has nothing to do but to leave it so.
        const last = new Fuse(one.fault, one.at);
        if (one.event === 'power') await withFault(last, () => happen(world, 'power', one.which, last));
        await checkCheckpoints(world);
        if (one.event === 'neighbour') await convergeBesideNeighbour(world, definition);
        else await world.converge(definition);
        await checkAgainstColdBuild(world, definition, machines);
        for (const machine of machines) machine.renamedFrom = undefined;
      }
      await world.converge(undefined);
      assert.equal(world.host.machines.size, 0, 'destroy leaves no machine');
      assert.equal(world.host.switches.size, 0, 'destroy leaves no switch');
      if (world.coalesced > 0) coalescing++;
      if (world.parked > 0) parking++;
    }),
    { numRuns: cases, seed, ...(process.env.GOQEMU_FUZZ_PATH ? { path: process.env.GOQEMU_FUZZ_PATH } : {}) },
  );
  // The report has the seed, the shrunken case, and how to run it again.
  if (outcome.failed)
    assert.fail(`${fc.defaultReportMessage(outcome)}\n${String((outcome.errorInstance as Error)?.stack)}`);
  t.diagnostic(`layers were coalesced in ${coalescing} cases, machines stayed stopped in ${parking}`);
  // With fewer cases there may be none.
  if (cases < 500) return;
  assert.ok(coalescing > cases / 10, `layers were coalesced in ${coalescing} cases`);
  assert.ok(parking > cases / 30, `machines stayed stopped in ${parking} cases`);
});
