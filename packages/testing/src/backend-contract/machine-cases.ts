import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { hasErrorCode, isGoqemuError } from '@goqemu/core';
import type { ContractBench } from './contract-bench.ts';
import type { ContractCase } from './contract-case.ts';

/** A machine is made and started, and steps run in it. A table, each case of which follows those before. */
export function machineCases(bench: ContractBench): readonly ContractCase[] {
  const { backend, call, image, spec } = bench;
  return [
    {
      name: 'a machine that was never made is absent, and deleting it is no error',
      async run() {
        await backend.delete(spec, {}, call);
        assert.equal((await bench.observe({}))?.status, 'absent');
      },
    },
    {
      name: 'a machine that was made is stopped',
      async run() {
        const found = await backend.resolveImage(image, spec.arch, call);
        bench.record = await backend.create(spec, { image: found }, call);
        assert.equal((await bench.observe())?.status, 'stopped');
      },
    },
    {
      name: 'a record is plain data: what was written as JSON leads to the machine',
      async run() {
        bench.record = JSON.parse(JSON.stringify(bench.record));
        assert.equal((await bench.observe())?.status, 'stopped');
      },
    },
    {
      name: 'a machine that was started runs, and starting it again changes nothing',
      async run() {
        bench.record = await backend.start(spec, bench.record, call);
        assert.equal((await bench.observe())?.status, 'running');
        bench.record = await backend.start(spec, bench.record, call);
        assert.equal((await bench.observe())?.status, 'running');
      },
    },
    {
      name: 'ports that are forwarded to a running machine change while it runs; starting it again brings those of its spec',
      async run() {
        const { setForwards } = backend.capabilities.liveForwards ? backend : {};
        if (!setForwards) return;
        const before = (await bench.observe())?.instance;
        const [tcp, udp] = [await freePort(), await freePort()];
        const forwards = { web: { host: tcp, guest: 80 }, dns: { protocol: 'udp', host: udp, guest: 53 } } as const;
        const wishes = [forwards, forwards, { web: { ...forwards.web, guest: 81 } }, spec.forwards, forwards];
        for (const wish of wishes)
          bench.record = await setForwards.call(backend, { ...spec, forwards: wish }, bench.record, call);
        bench.record = await backend.start(spec, bench.record, call);
        assert.deepEqual(await backend.checkPorts([tcp, `udp:${udp}`], call), []);
        assert.equal((await bench.observe())?.instance, before);
      },
    },
    {
      name: 'what a lab has there is found without its state',
      async run() {
        const own = (await backend.findFootprints()).find(({ lineage }) => lineage === call.scope.lineage);
        assert.deepEqual(
          own?.machines.map(({ name }) => name),
          [spec.name],
        );
      },
    },
    {
      name: 'an endpoint opens and closes, or is refused with an error of its own',
      async run() {
        for (const endpoint of ['ssh', 'console', 'monitor', 'commands'] as const) {
          const opening = backend.openEndpoint(spec, bench.record, endpoint, call);
          const stream = await opening.catch((error: unknown) => assert.ok(isGoqemuError(error), endpoint));
          if (!stream) continue;
          stream.destroy();
          if (!stream.closed) await once(stream, 'close');
        }
        const { host, port } = backend.sshAddress(spec);
        assert.ok(host.length > 0 && port > 0);
      },
    },
    {
      name: 'a log is read to its end, or until the call is aborted',
      async run() {
        for (const log of ['console', 'backend'] as const)
          for await (const bytes of backend.readLog(spec, bench.record, { log, lines: 1 }, call))
            assert.ok(Buffer.isBuffer(bytes), log);
        const stop = new AbortController();
        const until = { ...call, signal: stop.signal };
        setImmediate(() => stop.abort(new Error('enough')));
        for await (const _ of backend.readLog(spec, bench.record, { log: 'console', follow: true }, until));
      },
    },
    {
      name: 'a step returns what it printed',
      async run() {
        assert.equal((await bench.run('echo contract')).stdout.trim(), 'contract');
      },
    },
    {
      name: 'a step that fails is reported with its exit code',
      async run() {
        await assert.rejects(
          bench.run('exit 7'),
          (error) => hasErrorCode(error, 'step-failed') && error.data.exitCode === 7,
        );
      },
    },
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
