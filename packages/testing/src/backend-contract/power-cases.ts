import assert from 'node:assert/strict';
import { optionalVerb } from '@goqemu/lab';
import type { ContractBench } from './contract-bench.ts';
import type { ContractCase } from './contract-case.ts';

/** The machine is suspended and resumed, where the place can, and stopped. It runs before, and afterwards. */
export function powerCases(bench: ContractBench): readonly ContractCase[] {
  const { backend, call, spec } = bench;
  const suspend = optionalVerb(backend, 'suspend');
  const resume = optionalVerb(backend, 'resume');
  const status = async () => (await bench.observe())?.status;
  const answers = async () => assert.equal((await bench.run('echo contract')).stdout.trim(), 'contract');
  return [
    {
      name: 'a machine that was suspended is suspended, and suspending it again changes nothing',
      async run() {
        if (!suspend) return;
        bench.record = await suspend(spec, bench.record, call);
        bench.record = await suspend(spec, bench.record, call);
        assert.equal(await status(), 'suspended');
        assert.equal((await bench.observe())?.instance, undefined);
      },
    },
    {
      name: 'a suspended machine resumes, is ready, and is no longer suspended; resuming it again changes nothing',
      async run() {
        if (!resume) return;
        bench.record = await resume(spec, bench.record, call);
        bench.record = await resume(spec, bench.record, call);
        assert.equal(await status(), 'running');
        await answers();
      },
    },
    {
      name: 'starting a suspended machine resumes it, and stopping one drops its RAM',
      async run() {
        if (!suspend) return;
        bench.record = await suspend(spec, bench.record, call);
        bench.record = await backend.start(spec, bench.record, call);
        assert.equal(await status(), 'running');
        bench.record = await suspend(spec, bench.record, call);
        bench.record = await backend.stop(spec, bench.record, call);
        assert.equal(await status(), 'stopped');
        bench.record = await backend.start(spec, bench.record, call);
        await answers();
      },
    },
  ];
}
