import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred, hasErrorCode } from '@goqemu/core';
import { type FakeJobOptions, FakeQmpServer } from '@goqemu/testing';
import { QmpClient, type QmpClientOptions } from './qmp-client.ts';

/** A server whose `block-stream` starts a job as given. */
async function withJob(
  job: FakeJobOptions,
  body: (qmp: QmpClient, server: FakeQmpServer) => Promise<void>,
): Promise<void> {
  await using server = await FakeQmpServer.listen({
    commands: { 'block-stream': (args, { jobs }) => jobs.start(String(args['job-id']), job) },
  });
  await using qmp = await QmpClient.connect(server.address);
  await body(qmp, server);
}

const args = { 'job-id': 'j', device: 'd' };

test('a mirror is completed when it is ready', async () => {
  await withJob({ ready: true }, async (qmp, server) => {
    await qmp.runJob('block-stream', args);
    assert.ok(server.received.some(({ execute }) => execute === 'job-complete'));
    assert.deepEqual(server.jobs.list(), []);
  });
});

test('what to do when a job is ready can be chosen', async () => {
  await withJob({ ready: true }, async (qmp, server) => {
    let asked = 0;
    const whenReady = async () => {
      asked += 1;
      server.jobs.finish('j');
    };
    await qmp.runJob('block-stream', args, { whenReady });
    assert.equal(asked, 1);
    assert.ok(!server.received.some(({ execute }) => execute === 'job-complete'));
  });
});

test('a job that dismisses itself is over all the same', async () => {
  await withJob({ autoDismiss: true }, (qmp) => qmp.runJob('block-stream', args));
});

test('a job that dismisses itself tells its error by the event of block jobs', async () => {
  await withJob({ finishes: false, autoDismiss: true }, async (qmp, server) => {
    const run = qmp.runJob('block-stream', args);
    await qmp.waitFor('JOB_STATUS_CHANGE', { match: ({ data }) => data.status === 'running' });
    server.emit('BLOCK_JOB_COMPLETED', {
      type: 'stream',
      device: 'j',
      len: 1,
      offset: 0,
      speed: 0,
      error: 'No space left',
    });
    server.jobs.finish('j', 'No space left');
    await assert.rejects(run, (error) => hasErrorCode(error, 'qmp-job-failed') && /No space left/.test(error.message));
  });
});

test('a signal cancels the job in QEMU, dismisses it, and then rejects with its reason', async () => {
  await withJob({ finishes: false }, async (qmp, server) => {
    const controller = new AbortController();
    const run = qmp.runJob('block-stream', args, { signal: controller.signal });
    await qmp.waitFor('JOB_STATUS_CHANGE', { match: ({ data }) => data.status === 'running' });
    controller.abort(new Error('enough'));
    await assert.rejects(run, /enough/);
    assert.deepEqual(server.jobs.list(), []);
  });
});

test('a job that takes too long is cancelled', async () => {
  await withJob({ finishes: false }, async (qmp, server) => {
    await assert.rejects(qmp.runJob('block-stream', args, { timeoutMs: 20 }), (error) =>
      hasErrorCode(error, 'timeout'),
    );
    assert.deepEqual(server.jobs.list(), []);
  });
});

test('a job that is given up while it starts is cancelled as well', async () => {
  await withJob({ finishes: false }, async (qmp, server) => {
    const controller = new AbortController();
    const run = qmp.runJob('block-stream', args, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(run, /enough/);
    assert.ok(server.received.some(({ execute }) => execute === 'block-stream'));
    assert.deepEqual(server.jobs.list(), []);
  });
});

test('progress is reported while a job runs', async () => {
  await withJob({ finishes: false }, async (qmp, server) => {
    const seen: number[] = [];
    await qmp.runJob('block-stream', args, {
      progressIntervalMs: 5,
      onProgress: ({ current, total }) => {
        seen.push(current / total);
        server.jobs.finish('j');
      },
    });
    assert.equal(seen[0], 0);
  });
});

test('a command that is refused leaves nothing to wait for', async () => {
  await withJob({}, async (qmp) => {
    await assert.rejects(qmp.runJob('block-commit', args), /block-commit has not been found/);
  });
});

test('a lost connection ends the wait for a job, and the job continues', async () => {
  await withJob({ finishes: false }, async (qmp, server) => {
    const run = qmp.runJob('block-stream', args);
    await qmp.waitFor('JOB_STATUS_CHANGE', { match: ({ data }) => data.status === 'running' });
    server.hangUp();
    await assert.rejects(run, (error) => hasErrorCode(error, 'qmp-closed'));
    assert.equal(server.jobs.list().length, 1);
  });
});

test('a transaction sends its actions as one command', async () => {
  await using server = await FakeQmpServer.listen({ commands: { transaction: () => ({}) } });
  await using qmp = await QmpClient.connect(server.address);
  await qmp.transaction([{ type: 'abort', data: {} }], { properties: { 'completion-mode': 'grouped' } });
  assert.deepEqual(server.received.find(({ execute }) => execute === 'transaction')?.arguments, {
    actions: [{ type: 'abort', data: {} }],
    properties: { 'completion-mode': 'grouped' },
  });
});

/** A server whose `block-stream` starts its job only when it is let. */
async function withSlowStart(
  body: (qmp: QmpClient, server: FakeQmpServer, letStart: () => void) => Promise<void>,
  options: QmpClientOptions = {},
): Promise<void> {
  const start = deferred<void>();
  await using server = await FakeQmpServer.listen({
    commands: {
      'block-stream': async (given, { jobs }) => {
        await start.promise;
        jobs.start(String(given['job-id']), { finishes: false });
      },
    },
  });
  await using qmp = await QmpClient.connect(server.address, options);
  await body(qmp, server, start.resolve);
}

test('a job whose start is answered after its time-out is cancelled and dismissed', async () => {
  await withSlowStart(
    async (qmp, server, letStart) => {
      const run = qmp.runJob('block-stream', args);
      setTimeout(letStart, 60);
      await assert.rejects(run, (error) => hasErrorCode(error, 'timeout') && /block-stream/.test(error.message));
      assert.ok(server.received.some(({ execute }) => execute === 'block-stream'));
      assert.deepEqual(server.jobs.list(), []);
    },
    { timeouts: { change: 20 } },
  );
});

test('a job of the same id that is not ours is left alone when the start is refused late', async () => {
  const start = deferred<void>();
  await using server = await FakeQmpServer.listen({
    commands: {
      'block-stream': async () => {
        await start.promise;
        throw new Error("Job ID 'j' already in use");
      },
    },
  });
  server.jobs.start('j', { finishes: false });
  await using qmp = await QmpClient.connect(server.address, { timeouts: { change: 20 } });
  const run = qmp.runJob('block-stream', args);
  setTimeout(start.resolve, 60);
  await assert.rejects(run, (error) => hasErrorCode(error, 'timeout'));
  assert.deepEqual(
    server.jobs.list().map(({ status }) => status),
    ['running'],
  );
});

test('a whenReady that throws, at once or later, cancels the job, and its error is the one thrown', async () => {
  const throwing = [
    () => {
      throw new Error('mine');
    },
    () => Promise.reject(new Error('mine')),
  ];
  for (const whenReady of throwing) {
    await withJob({ ready: true }, async (qmp, server) => {
      await assert.rejects(qmp.runJob('block-stream', args, { whenReady }), /mine/);
      assert.deepEqual(server.jobs.list(), []);
    });
  }
});

test('a job that does not finalize itself is finalized, or given to whenPending', async () => {
  const started = { ...args, 'auto-finalize': false };
  await withJob({ pending: true }, async (qmp, server) => {
    await qmp.runJob('block-stream', started);
    assert.deepEqual(server.jobs.list(), []);
    const whenPending = () => Promise.reject(new Error('mine'));
    await assert.rejects(qmp.runJob('block-stream', started, { whenPending }), /mine/);
    assert.deepEqual(server.jobs.list(), []);
  });
});

test('a job that has ended by itself is not reported as cancelled', async () => {
  await withJob({ finishes: false }, async (qmp, server) => {
    const controller = new AbortController();
    const run = qmp.runJob('block-stream', args, { signal: controller.signal });
    await qmp.waitFor('JOB_STATUS_CHANGE', { match: ({ data }) => data.status === 'running' });
    await qmp.execute('query-status'); // the start has been answered by then
    server.handle('job-cancel', () => {
      server.jobs.finish('j');
      throw new Error("Job 'j' in state 'concluded' cannot accept command verb 'cancel'");
    });
    controller.abort(new Error('enough'));
    await run;
  });
});

test('a progress that is lost, and an onProgress that throws, change nothing about the job', async () => {
  await withJob({ finishes: false }, async (qmp, server) => {
    let looks = 0;
    server.handle('query-jobs', (_args, { jobs }) => {
      looks += 1;
      if (looks === 1) throw new Error('busy');
      if (looks === 3) server.jobs.finish('j');
      return jobs.list();
    });
    let reports = 0;
    const onProgress = () => {
      reports += 1;
      throw new Error('mine');
    };
    await qmp.runJob('block-stream', args, { progressIntervalMs: 2, onProgress });
    assert.ok(reports > 0);
  });
});

test('a job ends although an unread stream of events is full', async () => {
  await withJob({ ready: true }, async (qmp, server) => {
    const events = qmp.events({ highWaterMark: 1 });
    await qmp.runJob('block-stream', args, { timeoutMs: 20_000 });
    assert.deepEqual(server.jobs.list(), []);
    await events.return?.();
  });
});
