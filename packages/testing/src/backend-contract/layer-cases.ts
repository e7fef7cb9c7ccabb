import assert from 'node:assert/strict';
import { optionalVerb } from '@goqemu/lab';
import { type ContractBench, contractKey as key } from './contract-bench.ts';
import type { ContractCase } from './contract-case.ts';

/**
 * The machine is cut, taken back, deleted, and made again from its layer; at the end nothing is left. A table, each case of
 * which follows those before.
 */
export function layerCases(bench: ContractBench): readonly ContractCase[] {
  const { backend, call, spec } = bench;
  const { ramLayers } = backend.capabilities;
  const cut = async () => {
    const cuts = [{ machine: spec, record: bench.record, key, ram: ramLayers, descriptions: [] }];
    const [result] = await backend.cutLayers(cuts, call);
    assert.ok(result, 'one result for one cut');
    bench.record = result.record;
    return result.layer;
  };
  let content = '';
  return [
    {
      name: 'a layer that was cut is found, with RAM at most where the place can',
      async run() {
        const layer = await cut();
        assert.ok(ramLayers || !layer.ram);
        assert.deepEqual([...(await backend.findLayers([key, 'd1'.repeat(32)], call)).keys()], [key]);
        assert.deepEqual(await bench.observe().then((found) => [found?.status, found?.layer]), ['running', key]);
      },
    },
    {
      name: 'restoring a layer brings its disk back, and leaves the machine running',
      async run() {
        content = await bench.diskContent();
        await bench.run('echo changed > /root/contract; sync');
        assert.notEqual(await bench.diskContent(), content);
        bench.record = await backend.restore(spec, bench.record, key, call);
        assert.equal((await bench.observe())?.status, 'running');
        assert.equal(await bench.diskContent(), content);
      },
    },
    {
      name: 'only layers that are there can be claimed, and a name is kept',
      async run() {
        assert.deepEqual([...(await backend.claimLayers([key, 'd1'.repeat(32)], call))], [key]);
        await backend.describeLayer(key, ['contract', 'named'], call);
        assert.deepEqual((await backend.findLayers([key], call)).get(key)?.descriptions, ['contract', 'named']);
        assert.equal((await backend.surveyLayers(call)).get(key)?.isNamed, true);
      },
    },
    {
      name: 'a layer that stands on its image stays as it is when it is flattened',
      async run() {
        await optionalVerb(backend, 'flattenLayer')?.(key, call);
        assert.ok((await backend.findLayers([key], call)).has(key));
      },
    },
    {
      name: 'a machine that was stopped is stopped, and stopping it again changes nothing',
      async run() {
        bench.record = await backend.stop(spec, bench.record, call);
        bench.record = await backend.stop(spec, bench.record, call);
        assert.equal((await bench.observe())?.status, 'stopped');
      },
    },
    {
      name: 'a machine that was deleted is absent, and its layer stays',
      async run() {
        await backend.delete(spec, bench.record, call);
        await backend.delete(spec, {}, call);
        assert.equal((await bench.observe({}))?.status, 'absent');
        assert.ok((await backend.findLayers([key], call)).has(key));
      },
    },
    {
      name: 'a machine that is made from a layer has its disk',
      async run() {
        bench.record = await backend.create(spec, { layer: key }, call);
        bench.record = await backend.start(spec, bench.record, call);
        assert.equal(await bench.diskContent(), content);
      },
    },
    {
      name: 'a collection that is only tried changes nothing; one that keeps nothing leaves nothing',
      async run() {
        await backend.delete(spec, bench.record, call);
        await backend.describeLayer(key, [], call);
        assert.equal((await backend.collectLayers([], call, { dryRun: true })).removed, 1);
        assert.ok((await backend.findLayers([key], call)).has(key));
        assert.equal((await backend.collectLayers([], call)).removed, 1);
        assert.equal((await backend.findLayers([key], call)).size, 0);
        await backend.dispose(call);
        const left = await backend.findFootprints();
        assert.ok(!left.some(({ lineage }) => lineage === call.scope.lineage));
      },
    },
  ];
}
