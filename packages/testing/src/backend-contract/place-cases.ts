import assert from 'node:assert/strict';
import { isGoqemuError } from '@goqemu/core';
import { type BackendCapabilities, type OptionalVerb, promisedBy } from '@goqemu/lab';
import type { ContractBench } from './contract-bench.ts';
import type { ContractCase } from './contract-case.ts';

/** What is asked of the place itself, before there is a machine. */
export function placeCases({ backend, call, image, spec }: ContractBench): readonly ContractCase[] {
  return [
    {
      name: 'a capability that is on has its verbs',
      async run() {
        for (const [verb, capability] of Object.entries(promisedBy) as [OptionalVerb, keyof BackendCapabilities][])
          if (backend.capabilities[capability]) assert.equal(typeof backend[verb], 'function', verb);
      },
    },
    {
      name: 'an image that does not exist is an error of its own',
      async run() {
        await assert.rejects(backend.resolveImage('no-such-image-of-anybody', spec.arch, call), isGoqemuError);
      },
    },
    {
      name: 'an image is the same each time, and is present once it was ensured',
      async run() {
        const resolved = await backend.resolveImage(image, spec.arch, call);
        const ensured = await backend.ensureImage(resolved, spec.arch, call);
        assert.equal(ensured.present, true);
        assert.equal((await backend.resolveImage(image, spec.arch, call)).key, ensured.key);
      },
    },
    {
      name: 'facts of the place have a name, a status and a finding',
      async run() {
        for (const { name, status, finding } of await backend.doctor()) {
          assert.ok(name && finding);
          assert.ok(['ok', 'warning', 'error'].includes(status), status);
        }
      },
    },
    {
      name: 'there is memory for machines, and no port has a problem where none is asked for',
      async run() {
        assert.ok((await backend.memoryBudget(call)) > 0);
        assert.deepEqual(await backend.checkPorts([], call), []);
      },
    },
  ];
}
